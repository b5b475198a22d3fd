import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readContents } from '../../src/storage/contents.ts'
import { infoHashOfFolder } from '../../src/storage/torrent-folder.ts'
import { type } from '../support/command-line.ts'
import { doImport } from '../support/import.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seededRandom } from '../support/random.ts'
import { hasSeeder } from '../support/swarm.ts'
import { otherDisk, temporaryFolder } from '../support/temporary-folder.ts'
import { makeTorrentFile } from '../support/torrent-file.ts'
import { userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const KILLS = 6
const HASH = '39730aa7c09b864432bc8c878c20c933059241fd'
const SEED = Number(process.env.SEED ?? 20_261_121)
const FILES = {
  'One.mkv': patternBytes(48 * MIB + 1, 'one'),
  'Two.mkv': patternBytes(64 * MIB + 2, 'two'),
}
const random = seededRandom(SEED)

interface Import {
  readonly args: readonly string[]
  /** Prepares a download folder for it. */
  prepare(root: string): Promise<unknown>
}

describe.skipIf(!hasSeeder)('an import that is killed at any moment', () => {
  test.for<readonly [what: string, importOf: (home: string, torrent: Uint8Array) => Import]>([
    ['a new torrent', (home) => ({ args: ['--create', home], prepare: async () => undefined })],
    [
      'a folder by its name',
      (home) => ({ args: ['--infohash', HASH, home], prepare: async () => undefined }),
    ],
    [
      'the rest of a torrent',
      (home, metainfo) => ({
        args: ['--torrent', join(home, '..', 'torrent'), home],
        prepare: (root) => doImport(root, { kind: 'torrent', paths: [join(home, 'One.mkv')], metainfo }),
      }),
    ],
  ])('of %s leaves nothing half-done and can be repeated', async ([, importOf]) => {
    console.info(`import: SEED=${SEED}`)
    await using user = await userWith(FILES)
    // Padded, so that one file alone can be complete.
    const { metainfo } = makeTorrentFile({ path: user.home, pieceLength: 256 * 1024, kind: 'padded' })
    await writeFile(join(user.home, '..', 'torrent'), metainfo)
    const { args, prepare } = importOf(user.home, metainfo)
    let longestMs = 500
    let interrupted = 0
    for (let kill = 0; kill < KILLS; kill++) {
      // Another disk, so that files have to be copied.
      await using downloads = (await otherDisk(user.root)) ?? (await temporaryFolder())
      await prepare(downloads.path)
      const settings = { TORRENT_DOWNLOAD_PATH: downloads.path }
      const { code } = await type(['import', ...args], settings, 1 + random.int(longestMs))
      if (code !== 0) interrupted++
      await checkAll(downloads.path)

      const startedAt = Date.now()
      expect(await type(['import', ...args], settings)).toMatchObject({ code: 0, stderr: '' })
      longestMs = Date.now() - startedAt
      expect(await checkAll(downloads.path)).toBe(2)
    }
    expect(interrupted).toBeGreaterThan(KILLS / 2)
    for (const [name, bytes] of Object.entries(FILES))
      expectSameBytes(await readFile(join(user.home, name)), bytes)
  })
})

/** Fails if anything wrong could be served. @returns how many files could be served */
async function checkAll(root: string): Promise<number> {
  let served = 0
  for (const name of await readdir(root)) {
    const directory = join(root, name)
    if (name.startsWith('.')) continue
    const infoHash = infoHashOfFolder(name)
    const paths = infoHash
      ? Object.values((await readContents({ infoHash, directory })).files)
          .filter(({ wholeMtimeMs }) => wholeMtimeMs !== undefined)
          .map(({ path }) => path)
      : (await readdir(directory)).map((inner) => join(directory, inner))
    for (const path of paths) {
      const [, bytes = Buffer.alloc(0)] = Object.entries(FILES).find(([file]) => path.endsWith(file)) ?? []
      expectSameBytes(await readFile(path), bytes)
      served++
    }
  }
  return served
}
