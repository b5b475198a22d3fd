import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { fileIdOf } from '../../src/files/file-id.ts'
import { TorrentContent } from '../../src/torrents/content/torrent-content.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const PIECE = 64 * 1024
const PIECES = 4
const film = patternBytes(PIECES * PIECE - 1_000)
const ZEROS = Buffer.alloc(film.length)

type Harm = (path: string) => Promise<void>

const HARMS: readonly (readonly [string, Harm])[] = [
  ['replaced by renaming another file', renameOver],
  [
    'removed and made again',
    async (path) => {
      await rm(path)
      await writeFile(path, ZEROS)
    },
  ],
  [
    'moved away and made again',
    async (path) => {
      await rename(path, `${path}.aside`)
      await writeFile(path, ZEROS)
    },
  ],
  [
    'in a folder that is replaced',
    async (path) => {
      const folder = join(path, '..')
      await rename(folder, `${folder}-aside`)
      await mkdir(folder)
      await writeFile(path, ZEROS)
    },
  ],
  [
    'replaced by a file with the same dates',
    async (path) => {
      const { atime, mtime } = await stat(path)
      await renameOver(path)
      await using file = await open(path, 'r+')
      await file.utimes(atime, mtime)
    },
  ],
]

describe('a file that the engine writes to, after it was', () => {
  test.for(HARMS)('%s: its pieces are hashed for a reader that opens it', async ([, harm]) => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await harm(at.path)
    await using held = at.content.files.hold(0)
    await held.open()
    expect(at.states()).toEqual(['claimed', 'claimed', 'missing', 'missing'])
    expect(at.said).toEqual(['lost'])
    await at.content.claimed.check(0)
    expect(at.content.pieces.stateOf(0)).toBe('missing')
    expect(at.said).toEqual(['lost', '0 is damaged'])
  })

  test.for(HARMS)('%s: what the engine writes to the old file does not count', async ([, harm]) => {
    await using at = await beginTorrent()
    await at.engineWrites([0])
    await harm(at.path)
    await at.content.checkIdentity(0)
    await at.engineWrites([1, 2])
    expect(at.states()).toEqual(['claimed', 'missing', 'missing', 'missing'])
    expect(at.said).toEqual(['lost', '1 is damaged', '2 is damaged'])
    // It opens the file that is there now.
    await at.engineOpens()
    await at.engineWrites([3])
    expect(at.states()).toEqual(['claimed', 'missing', 'missing', 'verified'])
  })

  test.for(HARMS)('%s when the last piece arrives: it does not count as complete', async ([, harm]) => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1, 2])
    await harm(at.path)
    await at.engineWrites([3])
    expect(at.states()).toEqual(['verified', 'verified', 'verified', 'verified'])
    at.content.completeIfAllThere(0)
    await expect.poll(() => at.said).toContain('lost')
    expect(at.states()).toEqual(['claimed', 'claimed', 'claimed', 'claimed'])
    expect(at.content.isComplete(0)).toBe(false)
  })

  test.for(HARMS)('%s: a reader of the old file gets the new one', async ([, harm]) => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await using held = at.content.files.hold(0)
    await held.open()
    expect(held.isCurrent).toBe(true)
    await harm(at.path)
    await at.engineOpens()
    expect(held.isCurrent).toBe(false)
    const [now, byte] = [await held.open(), Buffer.alloc(1)]
    await now.read(byte, 0, 1, 5)
    expect([held.isCurrent, byte[0]]).toEqual([true, 0])
    expect(at.states()).toEqual(['claimed', 'claimed', 'missing', 'missing'])
    expect(at.said).toEqual([])
  })

  test('replaced by a copy of itself, as announced, stays verified', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await using held = at.content.files.hold(0)
    await held.open()
    await writeFile(`${at.path}.copy`, film)
    at.content.files.expectCopy(0, fileIdOf(await stat(`${at.path}.copy`)))
    expect(held.isCurrent).toBe(true)
    await rename(`${at.path}.copy`, at.path)
    await at.engineOpens()
    expect(held.isCurrent).toBe(false)
    await held.open()
    await at.engineWrites([2])
    expect(at.states()).toEqual(['verified', 'verified', 'verified', 'missing'])
    expect(at.said).toEqual([])
  })

  test('replaced by the right file is hashed and counts', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1, 2, 3])
    await writeFile(`${at.path}.right`, film)
    await rename(`${at.path}.right`, at.path)
    await at.content.check(0)
    await expect.poll(() => at.said).toEqual(['lost', '0 is whole'])
  })

  test('completed and given another inode stays complete, and is hashed for readers that need verified bytes', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1, 2, 3])
    at.content.completeIfAllThere(0)
    await expect.poll(() => at.said).toEqual(['0 is whole'])
    at.content.files.noteEngines(0, 'another', 1)
    expect(at.content.isComplete(0)).toBe(true)
    expect(at.states()).toEqual(['claimed', 'claimed', 'claimed', 'claimed'])
    await using whole = await at.content.openComplete(0)
    expect(whole).toBeDefined()
    await at.content.claimed.check(2)
    expect(at.content.pieces.stateOf(2)).toBe('verified')
    expect(at.said).toEqual(['0 is whole'])
  })

  test('removed and put back is the same file: its pieces are hashed, and are right', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await rename(at.path, `${at.path}.aside`)
    await rename(`${at.path}.aside`, at.path)
    await at.engineOpens()
    await at.content.checkIdentity(0)
    await at.engineWrites([2])
    for (const piece of [0, 1]) await at.content.claimed.check(piece)
    expect(at.states()).toEqual(['verified', 'verified', 'verified', 'missing'])
    expect(at.said).toEqual([])
  })
})

describe('a file that another program overwrites in place right after the engine wrote to it', () => {
  test('is noticed by a check: its pieces are hashed, and the damaged one is fetched again', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await at.overwrite(0)
    await at.content.check(0)
    expect(at.states()).toEqual(['claimed', 'claimed', 'missing', 'missing'])
    for (const piece of [0, 1]) await at.content.claimed.check(piece)
    expect(at.states()).toEqual(['missing', 'verified', 'missing', 'missing'])
    expect(at.said).toEqual(['0 is damaged'])
  })

  test('is noticed by a reader that has it open: none of its bytes are given', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await using held = at.content.files.hold(0)
    const bytes = Buffer.alloc(10)
    expect(await (await held.open()).read(bytes, 0, 10, 0)).toMatchObject({ bytesRead: 10 })
    expectSameBytes(bytes, film.subarray(0, 10))
    const source = await held.open()
    await at.overwrite(0)
    expect(await source.read(bytes, 0, 10, 0)).toBeUndefined()
    expect(at.states()).toEqual(['claimed', 'claimed', 'missing', 'missing'])
  })

  test('is noticed by a reader when nothing is fetched any more', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    at.content.files.noteEngineEnded()
    await using held = at.content.files.hold(0)
    const source = await held.open()
    await at.overwrite(1)
    expect(await source.read(Buffer.alloc(10), 0, 10, 0)).toBeUndefined()
    expect(at.states()).toEqual(['claimed', 'claimed', 'missing', 'missing'])
  })

  test('is noticed when the engine opens it again', async () => {
    await using at = await beginTorrent()
    await at.engineWrites([0, 1])
    await at.overwrite(0)
    await at.engineOpens()
    expect(at.states()).toEqual(['claimed', 'claimed', 'missing', 'missing'])
  })
})

async function renameOver(path: string): Promise<void> {
  await writeFile(`${path}.other`, ZEROS)
  await rename(`${path}.other`, path)
}

test('a file that cannot be examined does not count as deleted', async () => {
  await using at = await beginTorrent()
  await at.engineWrites([0, 1])
  await rename(at.path, `${at.path}.aside`)
  // A link to itself: the system says ELOOP, which does not mean that nothing is there.
  await symlink(at.path, at.path)
  await at.content.checkIdentity(0)
  await expect(at.content.openComplete(0)).rejects.toMatchObject({ code: 'ELOOP' })
  expect(at.states()).toEqual(['verified', 'verified', 'missing', 'missing'])
  expect(at.said).toEqual([])
})

/** A torrent whose film is being fetched. */
async function beginTorrent() {
  const folder = await temporaryFolder()
  const directory = join(folder.path, 'torrent')
  await mkdir(join(directory, '.self-streme'), { recursive: true })
  const path = join(directory, 'Film.mkv')
  const handle = await open(path, 'wx+')
  const hashes = Array.from({ length: PIECES }, (_, piece) =>
    createHash('sha1')
      .update(film.subarray(piece * PIECE, (piece + 1) * PIECE))
      .digest(),
  )
  const metainfo = bencode.encode({
    info: { name: 'Film.mkv', length: film.length, 'piece length': PIECE, pieces: Buffer.concat(hashes) },
  })
  const said: string[] = []
  const content = new TorrentContent(
    {
      infoHash: 'ab'.repeat(20) as InfoHash,
      found: {
        directory,
        metainfo,
        info: parseMetainfo(metainfo),
        state: { whole: {} },
        claimed: new Uint8Array(),
      },
    },
    {
      damaged: (piece) => said.push(`${piece} is damaged`),
      lost: () => said.push('lost'),
      complete: (fileIdx) => said.push(`${fileIdx} is whole`),
      changed: () => undefined,
    },
    { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined },
  )
  const engineOpens = async () => {
    const stats = await stat(path)
    content.files.noteEngines(0, fileIdOf(stats), stats.ctimeMs)
  }
  await engineOpens()
  return {
    path,
    content,
    said,
    engineOpens,
    /** To the file that it opened first. */
    async engineWrites(pieces: readonly number[]) {
      for (const piece of pieces) {
        const bytes = film.subarray(piece * PIECE, (piece + 1) * PIECE)
        await handle.write(bytes, 0, bytes.length, piece * PIECE)
      }
      content.files.noteWrote(0, (await handle.stat()).ctimeMs, false)
      content.markVerified(pieces)
    },
    /** Another program writes zeros into a piece. */
    async overwrite(piece: number) {
      await using file = await open(path, 'r+')
      const before = (await file.stat()).ctimeMs
      // Where the clock of the file system is coarse, it takes a few milliseconds.
      await expect
        .poll(
          async () => {
            await file.write(ZEROS, 0, 100, piece * PIECE)
            return (await file.stat()).ctimeMs
          },
          { interval: 1 },
        )
        .not.toBe(before)
    },
    states: () => Array.from({ length: PIECES }, (_, piece) => content.pieces.stateOf(piece)),
    async [Symbol.asyncDispose]() {
      await handle.close()
      await content.save()
      await folder[Symbol.asyncDispose]()
    },
  }
}
