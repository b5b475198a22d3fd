import { link, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leaveWholeTorrent } from '../integration/earlier-run.ts'
import { flipByte } from '../support/flip-byte.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isWholeOnDisk, startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const PIECE_LENGTH = 256 * 1024
const film = patternBytes(24 * MIB + 1_000)

describe.skipIf(!hasSeeder)('a file of a torrent that has another name as well', () => {
  test('is healed as a copy of our own, for who reads it at this moment too, and stays as it is itself', async () => {
    await using shared = await shareWithUser([{ name: 'Film.mkv', bytes: film }])
    const [ours = '', users = ''] = [shared.paths[0], shared.users[0]]
    await flipByte(users, 17 * MIB)
    const damaged = await readFile(users)
    {
      await using app = await shared.start()
      const answer = await fetch(`${app.url}/stream/proxy/${shared.infoHash}`)
      expectSameBytes(Buffer.from(await answer.arrayBuffer()), film)
      await expect.poll(() => isWholeOnDisk(app, shared.infoHash)).toBe(true)
    }
    expect((await stat(ours)).nlink).toBe(1)
    expectSameBytes(await readFile(ours), film)
    expect((await stat(users)).nlink).toBe(1)
    expectSameBytes(await readFile(users), damaged)
  })

  test('is not copied when only its neighbour in a piece is wrong', async () => {
    const second = patternBytes(3 * MIB, 'second')
    // It ends in the middle of a piece, whose other half is the second one's.
    const first = film.subarray(0, 5 * MIB + PIECE_LENGTH / 2)
    await using shared = await shareWithUser([
      { name: 'First.mkv', bytes: first },
      { name: 'Second.mkv', bytes: second },
    ])
    await flipByte(shared.users[0] ?? '', first.length - 1)
    await using app = await shared.start()
    const answer = await fetch(`${app.url}/stream/proxy/${shared.infoHash}/0`)
    expectSameBytes(Buffer.from(await answer.arrayBuffer()), first)
    const links = await Promise.all(shared.paths.map(async (path) => (await stat(path)).nlink))
    expect(links).toEqual([1, 2])
  })
})

/** A whole torrent in the download folder whose files the user has elsewhere, too, and a swarm that has it. */
async function shareWithUser(files: readonly { readonly name: string; readonly bytes: Buffer }[]) {
  await using opened = new AsyncDisposableStack()
  const { path: root } = opened.use(await temporaryFolder())
  const { path: home } = opened.use(await temporaryFolder())
  const { path: seeds } = opened.use(await temporaryFolder())
  const left = await leaveWholeTorrent({ root, files })
  const users = files.map(({ name }) => join(home, name))
  for (const [index, path] of left.paths.entries()) await link(path, users[index] ?? '')
  // As a torrent of several files is called in the helper.
  const path = join(seeds, files.length > 1 ? 'Films' : 'Film.mkv')
  const folder = files.length > 1 ? path : seeds
  await mkdir(folder, { recursive: true })
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes)
  const torrentFile = join(left.directory, '.self-streme', 'metainfo.torrent')
  const swarm = opened.use(await startSwarm({ path, torrentFile }))
  const parts = opened.move()
  return {
    ...left,
    users,
    start: () => startTestApp({ ...swarm.settings, TORRENT_DOWNLOAD_PATH: root }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
