import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { flipByte } from '../support/flip-byte.ts'
import { doImport } from '../support/import.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'
import { makeTorrentFile } from '../support/torrent-file.ts'
import { userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const PIECE_LENGTH = 256 * 1024
const film = patternBytes(24 * MIB + 1_000)

describe.skipIf(!hasSeeder)("a file of a torrent that is also the user's, under another name", () => {
  test("is repaired as a copy of our own, also for current readers, and the user's file stays unchanged", async () => {
    await using shared = await shareWithUser({ 'Film.mkv': film })
    const { ours, users } = shared.fileCalled('Film.mkv')
    expect((await stat(ours)).nlink).toBe(2)
    await flipByte(users, 17 * MIB)
    const damaged = await readFile(users)
    {
      await using app = await shared.start()
      const answer = await fetch(`${app.url}/stream/proxy/${shared.infoHash}`)
      expectSameBytes(Buffer.from(await answer.arrayBuffer()), film)
      await expect.poll(() => isCompleteOnDisk(app, shared.infoHash)).toBe(true)
    }
    expect((await stat(ours)).nlink).toBe(1)
    expectSameBytes(await readFile(ours), film)
    expect((await stat(users)).nlink).toBe(1)
    expectSameBytes(await readFile(users), damaged)
  })

  test('is not copied when only another file of the same piece is wrong', async () => {
    const second = patternBytes(3 * MIB, 'second')
    // It ends in the middle of a piece, whose other half is the second file's.
    const first = film.subarray(0, 5 * MIB + PIECE_LENGTH / 2)
    await using shared = await shareWithUser({ 'First.mkv': first, 'Second.mkv': second })
    await flipByte(shared.fileCalled('First.mkv').users, first.length - 1)
    await using app = await shared.start()
    // The longer file is the one that is played.
    const answer = await fetch(`${app.url}/stream/proxy/${shared.infoHash}`)
    expectSameBytes(Buffer.from(await answer.arrayBuffer()), first)
    expect((await stat(shared.fileCalled('First.mkv').ours)).nlink).toBe(1)
    expect((await stat(shared.fileCalled('Second.mkv').ours)).nlink).toBe(2)
  })
})

/** A film that the user has imported, so that it is in the download folder and at home, and a swarm that has it too. */
async function shareWithUser(files: Readonly<Record<string, Buffer>>) {
  await using opened = new AsyncDisposableStack()
  const user = opened.use(await userWith(files))
  const { home: seeds } = opened.use(await userWith(files))
  const { metainfo, infoHash } = makeTorrentFile({
    path: user.home,
    pieceLength: PIECE_LENGTH,
    files: Object.keys(files),
  })
  const torrentFile = join(user.home, '..', 'torrent')
  await writeFile(torrentFile, metainfo)
  const { settings } = opened.use(await startSwarm({ path: seeds, torrentFile }))
  const { imported } = await doImport(user.root, { kind: 'torrent', paths: [user.home], metainfo })
  const parts = opened.move()
  return {
    infoHash,
    fileCalled(name: string) {
      const file = imported[0]?.files.find(({ from }) => basename(from) === name)
      return { users: file?.from ?? '', ours: file?.to ?? '' }
    },
    start: () => startTestApp({ ...settings, TORRENT_DOWNLOAD_PATH: user.root }),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
