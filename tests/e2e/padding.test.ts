import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { getRange } from '../support/http-client.ts'
import { AS_OWNER } from '../support/owner.ts'
import { asBitComet, LINK, withLink } from '../support/padding.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'
import { makeTorrentFile } from '../support/torrent-file.ts'

const MIB = 1024 * 1024
const PIECE = MIB
const FILMS = {
  'Show.S01E01.mkv': patternBytes(100_001, 'one'),
  'Show.S01E02.mkv': patternBytes(PIECE + 5, 'two'),
  'Show.S01E03.mkv': patternBytes(200_000, 'three'),
  'Show.S01E04.mkv': patternBytes(7, 'four'),
}
const LENGTH = Object.values(FILMS).reduce((sum, { length }) => sum + length, 0)
const resources = new AsyncDisposableStack()
let show: string
let padded: Uint8Array

beforeAll(async () => {
  show = join(resources.use(await temporaryFolder()).path, 'Show')
  await mkdir(show)
  for (const [name, bytes] of Object.entries(FILMS)) await writeFile(join(show, name), bytes)
  if (!hasSeeder) return
  padded = makeTorrentFile({ path: show, pieceLength: PIECE, kind: 'padded' }).metainfo
  // A seeder that does not recognise BitComet's padding has it as files.
  for (const { isPadding, length, path } of parseMetainfo(asBitComet(padded).metainfo).files)
    if (isPadding) await writeFile(join(show, path), Buffer.alloc(length))
})
afterAll(() => resources.disposeAsync())

const PADDED: readonly (readonly [name: string, make: () => Uint8Array])[] = [
  ['as in BEP 47', () => padded],
  ["as BitComet's", () => asBitComet(padded).metainfo],
  ["as BitComet's, beside a symbolic link without a length", () => asBitComet(padded, [LINK]).metainfo],
  ['as in BEP 47, beside a symbolic link without a length', () => withLink(padded).metainfo],
]

test.skipIf(!hasSeeder).for(PADDED)(
  'padding %s is not fetched, stored or listed, and counts as zeros after a restart',
  async ([, make]) => {
    const metainfo = make()
    const { files, length } = parseMetainfo(metainfo)
    expect(length).toBeGreaterThan(LENGTH + 2 * MIB)
    await using folder = await temporaryFolder()
    const torrentFile = join(folder.path, 'show.torrent')
    await writeFile(torrentFile, metainfo)
    const downloads = join(folder.path, 'downloads')
    const shown = {
      name: 'Show.S01E03.mkv',
      index: files.findIndex(({ name }) => name === 'Show.S01E03.mkv'),
    }
    let infoHash: string
    {
      await using swarm = await startSwarm({ path: show, torrentFile })
      infoHash = swarm.infoHash
      await using app = await startTestApp({ ...swarm.settings, TORRENT_DOWNLOAD_PATH: downloads })
      for (const [index, { name, isPadding }] of files.entries()) {
        if (isPadding) continue
        const answer = await fetch(`${app.url}/stream/proxy/${infoHash}/${index}`)
        expectSameBytes(Buffer.from(await answer.arrayBuffer()), FILMS[name as keyof typeof FILMS])
      }
      await expect.poll(() => isCompleteOnDisk(app, infoHash), { timeout: 30_000 }).toBe(true)
      // A block that is padding in part is requested completely.
      expect(await swarm.uploadedBytes()).toBeLessThan(LENGTH + 10 * 16_384)
      const said = await fetch(`${app.url}/api/torrents/${infoHash}`, { headers: AS_OWNER })
      const listed = (await said.json()) as { files: readonly { name: string }[] }
      expect(listed.files.map(({ name }) => name).sort()).toEqual(Object.keys(FILMS))
    }
    const kept = await readdir(join(downloads, infoHash))
    expect(kept.filter((name) => name !== '.self-streme').sort()).toEqual(Object.keys(FILMS))

    // Without the note that files are complete, the pieces are hashed.
    await writeFile(join(downloads, infoHash, '.self-streme', 'state.json'), '{"whole":{}}')
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: downloads })
    const range = await getRange(`${app.url}/stream/proxy/${infoHash}/${shown.index}`, 100_000, 199_999)
    expectSameBytes(range, FILMS['Show.S01E03.mkv'].subarray(100_000))
  },
)
