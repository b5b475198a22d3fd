import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { ODD_INFOS, ODDEST, oddTorrent } from '../support/odd-info.ts'
import { AS_OWNER } from '../support/owner.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { connectPeer, freePort } from '../support/raw-peer.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'
import { makeTorrentFile } from '../support/torrent-file.ts'

const PIECE = 64 * 1024
const METADATA_PIECE = 16 * 1024
const film = patternBytes(3 * 1024 * 1024 + 1)
const resources = new AsyncDisposableStack()
let path: string
let plain: Uint8Array

beforeAll(async () => {
  path = join(resources.use(await temporaryFolder()).path, 'Film.mkv')
  await writeFile(path, film)
  if (hasSeeder) plain = makeTorrentFile({ path, pieceLength: PIECE }).metainfo
})
afterAll(() => resources.disposeAsync())

const WAYS = ['keys in the wrong order', 'keys that stand there twice, the first of them right'] as const
const CASES = [
  ...WAYS.map((way) => [way, ODD_INFOS[way]] as const),
  ['all oddities at once', ODDEST] as const,
]

test.skipIf(!hasSeeder).for(CASES)(
  'a film whose metadata has %s is fetched, found again after a restart, and shared',
  async ([, makeOdd = ODDEST]) => {
    const { torrent, info, infoHash, torrentFile } = await leaveTorrent(makeOdd)
    await using downloads = await temporaryFolder()
    const port = await freePort()
    const settings = {
      TORRENT_DOWNLOAD_PATH: downloads.path,
      TORRENT_PORT: String(port),
      TORRENT_SEED: 'true',
    }
    {
      await using swarm = await startSwarm({ path, torrentFile })
      expect(swarm.infoHash).toBe(infoHash)
      await using app = await startTestApp({ ...settings, ...swarm.settings })
      const answer = await fetch(`${app.url}/stream/proxy/${infoHash}`)
      expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(film))
      await expect.poll(() => isCompleteOnDisk(app, infoHash), { timeout: 30_000 }).toBe(true)
    }
    const kept = await readFile(join(downloads.path, infoHash, '.self-streme', 'metainfo.torrent'))
    expectSameBytes(kept, torrent)
    await using app = await startTestApp(settings)
    const range = await getRange(`${app.url}/stream/proxy/${infoHash}/0`, 1_000_000, 1_999_999)
    expectSameBytes(range, film.subarray(1_000_000, 2_000_000))
    expectSameBytes(await askForMetadata(port, infoHash, info.length), info)
  },
)

test.skipIf(!hasSeeder)('a film is fetched by a torrent file with all oddities at once', async () => {
  const { torrent, info, infoHash, torrentFile } = await leaveTorrent(ODDEST)
  await using swarm = await startSwarm({ path, torrentFile })
  const port = await freePort()
  await using app = await startTestApp({ ...swarm.settings, TORRENT_PORT: String(port) })
  const added = await fetch(`${app.url}/api/torrents?files=all`, {
    method: 'POST',
    headers: { ...AS_OWNER, 'Content-Type': 'application/x-bittorrent' },
    body: torrent,
  })
  expect(await added.json()).toMatchObject({ infoHash })
  await expect.poll(() => isCompleteOnDisk(app, infoHash), { timeout: 30_000 }).toBe(true)
  const answer = await fetch(`${app.url}/stream/proxy/${infoHash}/0`)
  expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(film))
  expect(info.length).toBeGreaterThan(0)
})

async function leaveTorrent(makeOdd: typeof ODDEST) {
  const torrent = oddTorrent(plain, makeOdd)
  const info = torrent.subarray('d4:info'.length, -1)
  const infoHash = createHash('sha1').update(info).digest('hex')
  const torrentFile = join(resources.use(await temporaryFolder()).path, 'film.torrent')
  await writeFile(torrentFile, torrent)
  return { torrent, info, infoHash, torrentFile }
}

/** Requests the metadata from the server, as a peer with only a magnet link does (BEP 9). */
async function askForMetadata(port: number, infoHash: string, length: number): Promise<Buffer> {
  const peer = await connectPeer(port, infoHash)
  const parts = new Map<number, Buffer>()
  let id = 0
  peer.hear((said) => {
    if (said[0] !== 20) return
    const text = said.toString('latin1')
    if (said[1] === 0) id = Number(/11:ut_metadatai(\d+)e/.exec(text)?.[1])
    const piece = Number(/5:piecei(\d+)e/.exec(text)?.[1])
    if (said[1] !== 0 && text.includes('8:msg_typei1e'))
      parts.set(piece, said.subarray(said.indexOf('ee') + 2))
  })
  peer.sendExtended(0, { m: { ut_metadata: 2 } })
  const all = () => Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part))
  await expect
    .poll(
      () => {
        // Requests are rejected while the metadata is being read.
        for (let piece = 0; id > 0 && piece * METADATA_PIECE < length; piece++)
          peer.sendExtended(id, { msg_type: 0, piece })
        return all().length
      },
      { timeout: 20_000, interval: 200 },
    )
    .toBe(length)
  peer.socket.destroy()
  return all()
}
