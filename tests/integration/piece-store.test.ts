import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import bencode from 'bencode'
import { describe, expect, test } from 'vitest'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { Disk, GivenUpError } from '../../src/engine/child/disk.ts'
import { PieceStore } from '../../src/engine/child/piece-store.ts'
import { StoreFiles } from '../../src/engine/child/store-files.ts'
import { ByteGate } from '../../src/lib/byte-gate.ts'
import { makeTorrentFolder } from '../../src/storage/torrent-folder.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { openFilesOf } from '../support/processes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { canMount, makeReadOnly, mountTmpfs } from '../support/tmpfs.ts'

const MIB = 1024 * 1024
const diskTest = test.skipIf(!canMount)

/** Two files; the second piece belongs to both. */
const [first, second] = [patternBytes(1.5 * MIB, 'first'), patternBytes(1.5 * MIB, 'second')]
const bytes = Buffer.concat([first, second])
const pieces = [0, 1, 2].map((piece) => bytes.subarray(piece * MIB, (piece + 1) * MIB))
const info = parseMetainfo(
  bencode.encode({
    info: {
      name: 'Films',
      files: [
        { path: ['First.mkv'], length: first.length },
        { path: ['Second.mkv'], length: second.length },
      ],
      'piece length': MIB,
      pieces: Buffer.concat(pieces.map((piece) => createHash('sha1').update(piece).digest())),
    },
  }),
)

diskTest('on a full disk pieces wait for space, and are right when they are written', async () => {
  await using disk = await mountTmpfs(8 * MIB)
  await using opened = await openStore(disk.path)
  await disk.fillTo(0.5 * MIB)
  const writing = pieces.map((piece, index) => opened.put(index, piece))
  await expect.poll(() => opened.said).toEqual(['ENOSPC'])
  expect(opened.disk.mayFetch).toBe(false)
  // Programs that check the disk are not blocked.
  await expect.poll(() => openFilesOf(process.pid).filter((path) => path.startsWith(disk.path))).toEqual([])

  await disk.clear()
  opened.disk.retry()
  await Promise.all(writing)
  expect([opened.said, opened.disk.mayFetch]).toEqual([['ENOSPC', 'ready'], true])
  await opened.expectRight()
})

diskTest('on a full disk waiting pieces can be dropped to free memory, except one', async () => {
  await using disk = await mountTmpfs(8 * MIB)
  await using opened = await openStore(disk.path)
  await disk.fillTo(0.5 * MIB)
  const writing = pieces.map((piece, index) => opened.put(index, piece))
  const ends = Promise.allSettled(writing)
  await expect.poll(() => opened.disk.canGiveUp).toBe(true)
  await expect
    .poll(() => {
      for (const piece of [1, 2, 0]) opened.store.giveUp(piece)
      return opened.disk.canGiveUp
    })
    .toBe(false)
  await disk.clear()
  opened.disk.retry()
  const wasWritten = (await ends).map(({ status }) => status === 'fulfilled')
  expect(wasWritten.filter(Boolean).length).toBeGreaterThanOrEqual(1)
  expect(wasWritten[1]).toBe(false)
  await expect(writing[1]).rejects.toBeInstanceOf(GivenUpError)
  expect([opened.disk.isTaking, opened.disk.canGiveUp]).toEqual([true, false])

  // A dropped piece can be fetched and written again.
  for (const [index, piece] of pieces.entries()) if (!wasWritten[index]) await opened.put(index, piece)
  await opened.expectRight()
})

diskTest('pieces wait until a disk is writable again', async () => {
  await using disk = await mountTmpfs(8 * MIB)
  await using opened = await openStore(disk.path)
  const readOnly = makeReadOnly(disk.path)
  const writing = pieces.map((piece, index) => opened.put(index, piece))
  await expect.poll(() => opened.said).toEqual(['EROFS'])
  readOnly[Symbol.dispose]()
  opened.disk.retry()
  await Promise.all(writing)
  expect(opened.said).toEqual(['EROFS', 'ready'])
  await opened.expectRight()
})

diskTest('a store can be closed while pieces wait for space', async () => {
  await using disk = await mountTmpfs(2 * MIB)
  await using opened = await openStore(disk.path)
  await disk.fillTo(0)
  const writing = opened.put(0, pieces[0] as Buffer)
  await expect.poll(() => opened.said).toEqual(['ENOSPC'])
  await opened.store.closeFiles()
  await expect(writing).rejects.toThrow()
  expect([opened.said, opened.disk.isTaking]).toEqual([['ENOSPC', 'ready'], true])
})

test('a piece that cannot be written for another reason fails at once', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openStore(folder.path)
  await rm(opened.directory, { recursive: true })
  await writeFile(opened.directory, 'in its place')
  await expect(opened.put(0, pieces[0] as Buffer)).rejects.toMatchObject({ code: 'ENOTDIR' })
  expect(opened.said).toEqual([])
})

test('a claimed piece is read and hashed once, however many of its blocks are requested at a time', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openStore(folder.path, [0, 1, 2])
  await writeFile(join(opened.directory, 'First.mkv'), first)
  await writeFile(join(opened.directory, 'Second.mkv'), second)
  const before = bytesRead()
  const blocks = Array.from({ length: 192 }, (_, n) => [n % 3, 16_384 * (n >> 2)] as const)
  const answers = await Promise.all(blocks.map(([piece, offset]) => opened.get(piece, offset)))
  for (const [n, [piece, offset]] of blocks.entries()) {
    expectSameBytes(answers[n] as Uint8Array, pieces[piece]?.subarray(offset, offset + 16_384) as Uint8Array)
  }
  // The three pieces, and 192 blocks of 16 KiB, which is as much again.
  expect(bytesRead() - before).toBeLessThan(8 * MIB)
  await opened.get(1, 0)
  expect(bytesRead() - before).toBeLessThan(8 * MIB)
})

test('a damaged claimed piece is hashed once, and refused to every request for it', async () => {
  await using folder = await temporaryFolder()
  await using opened = await openStore(folder.path, [0])
  await writeFile(join(opened.directory, 'First.mkv'), second)
  const answers = await Promise.allSettled(Array.from({ length: 100 }, () => opened.get(0, 0)))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(opened.said).toEqual(['0 is damaged'])
})

test('blocks requested by peers wait while too much is being read for them', async () => {
  await using folder = await temporaryFolder()
  const gates = openGates()
  await using opened = await openStore(folder.path, [0], gates)
  await writeFile(join(opened.directory, 'First.mkv'), first)
  const full = Promise.withResolvers<void>()
  void gates.reads.run(4 * MIB, () => full.promise)
  let isAnswered = false
  const answer = opened.get(0, 0).finally(() => {
    isAnswered = true
  })
  // The check is not bounded by these reads, and has priority.
  await expect.poll(() => gates.checks.usedBytes).toBe(0)
  expect(isAnswered).toBe(false)
  full.resolve()
  expectSameBytes((await answer) as Uint8Array, first.subarray(0, 16_384))
})

describe('while a piece is on its way', () => {
  test('its files are made, and others are not', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    opened.store.prepare(0)
    await expect.poll(() => opened.opened.map(({ file }) => file)).toEqual([0])
    expect(await readdir(opened.directory)).toEqual(['.self-streme', 'First.mkv'])
    opened.store.prepare(1)
    await expect.poll(() => opened.opened.map(({ file }) => file)).toEqual([0, 1])
    for (const [index, piece] of pieces.entries()) await opened.put(index, piece)
    await opened.expectRight()
    expect([opened.said, opened.opened.length]).toEqual([[], 2])
  })

  test('and is there before its files are, they are made once', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    for (const [index, piece] of pieces.entries()) {
      opened.store.prepare(index)
      await opened.put(index, piece)
    }
    await opened.expectRight()
    expect([opened.said, opened.opened.map(({ file }) => file)]).toEqual([[], [0, 1]])
    const record = await readFile(join(opened.directory, '.self-streme', 'made'), 'utf8')
    expect(record.match(/First\.mkv/g)).toHaveLength(1)
  })

  test("a file of the user is not touched, and only the write says that it is the user's", async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    await writeFile(join(opened.directory, 'First.mkv'), second)
    opened.store.prepare(0)
    await expect(opened.put(0, pieces[0] as Buffer)).rejects.toThrow('was not made by self-streme')
    expectSameBytes(await readFile(join(opened.directory, 'First.mkv')), second)
    expect([opened.said, opened.opened]).toEqual([[], [expect.objectContaining({ file: 0 })]])
  })

  test.for([
    [3, 3],
    [4, 0],
  ] as const)('of a piece that holds %i small files, %i are made', async ([count, made]) => {
    await using folder = await temporaryFolder()
    const directory = join(folder.path, 'a torrent')
    await makeTorrentFolder(directory)
    const files = Array.from({ length: count }, (_, n) => ({ path: [`${n}.mkv`], length: 1_000 }))
    const small = { name: 'Small', files, 'piece length': MIB, pieces: Buffer.alloc(20) }
    const opened: number[] = []
    const ignore = () => undefined
    const events = {
      opened: (file: number) => opened.push(file),
      wrote: ignore,
      changed: ignore,
      replacing: async () => undefined,
    }
    const closing = new AbortController()
    const store = new StoreFiles(
      parseMetainfo(bencode.encode({ info: small })),
      directory,
      events,
      closing.signal,
    )
    await store.prepare(0)
    expect(opened).toHaveLength(made)
    await store.release()
  })

  test('nothing is made in a store that is closed', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    await opened.store.closeFiles()
    opened.store.prepare(0)
    await new Promise(setImmediate)
    expect(await readdir(opened.directory)).toEqual(['.self-streme'])
  })
})

describe('a file that the user', () => {
  test('moves away is no longer written to: a new file is made, and its content is fetched again', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    const path = join(opened.directory, 'First.mkv')
    for (const [index, piece] of pieces.entries()) await opened.put(index, piece)
    expect(opened.opened).toHaveLength(2)
    await rename(path, `${path}.aside`)
    await untilSeen(opened, 0)
    expect(opened.said).toEqual(['0,1 are gone'])
    expect(opened.opened.map(({ file }) => file)).toEqual([0, 1, 0])
    expect(pieces.map((_, index) => opened.store.isVerified(index))).toEqual([true, false, true])
    await rm(`${path}.aside`)
    await opened.put(1, pieces[1] as Buffer)
    await opened.expectRight()
  })

  test('moves away, and puts back in place of the new file, is hashed piece by piece', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    const path = join(opened.directory, 'First.mkv')
    await opened.put(0, pieces[0] as Buffer)
    await rename(path, `${path}.aside`)
    await untilSeen(opened, 0)
    await opened.put(1, pieces[1] as Buffer)
    await rename(`${path}.aside`, path)
    await untilSeen(opened, 0)
    expect(opened.said).toEqual(['0 are gone'])
    expect(pieces.map((_, index) => opened.store.isVerified(index))).toEqual([true, false, false])
    // What was fetched while it was elsewhere is not in it.
    await expect(opened.get(1, 0)).rejects.toThrow('piece 1 is damaged')
  })

  test.for(['replaces by renaming another file', 'makes again'])('%s is not changed', async (how) => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    const path = join(opened.directory, 'First.mkv')
    await opened.put(0, pieces[0] as Buffer)
    if (how === 'makes again') await rename(path, `${path}.aside`)
    await writeFile(`${path}.mine`, second)
    await rename(`${path}.mine`, path)
    await expect(untilSeen(opened, 0)).rejects.toThrow('was not made by self-streme')
    expectSameBytes(await readFile(path), second)
  })
})

/** Overwrites part of a file in place, as another program may: when this resolves, the file says that it was changed. */
async function overwrite(path: string, at: number, length: number): Promise<void> {
  await using file = await open(path, 'r+')
  const before = (await file.stat()).ctimeMs
  // Where the clock of the file system is coarse, it takes a few milliseconds.
  await expect
    .poll(
      async () => {
        await file.write(Buffer.alloc(length), 0, length, at)
        return (await file.stat()).ctimeMs
      },
      { interval: 1 },
    )
    .not.toBe(before)
}

describe('a file that another program overwrites in place', () => {
  test('right after a write is noticed by the next one: its pieces are hashed again before they are handed out', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    for (const index of [0, 1]) await opened.put(index, pieces[index] as Buffer)
    await overwrite(join(opened.directory, 'First.mkv'), 0, 100)
    expect(opened.changed).toEqual([])
    await opened.put(1, pieces[1] as Buffer)
    expect(opened.changed).toEqual([0])
    expect([0, 1].map((piece) => opened.store.isVerified(piece))).toEqual([false, true])
    await expect(opened.get(0, 0)).rejects.toThrow('piece 0 is damaged')
    expect(opened.said).toEqual(['0 is damaged'])
    await opened.put(0, pieces[0] as Buffer)
    expect([opened.changed, opened.store.isVerified(0)]).toEqual([[0], true])
    expectSameBytes((await opened.get(0, 0)) as Uint8Array, first.subarray(0, 16_384))
  })

  test('in a part that was not fetched yet does not harm what is fetched', async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    await opened.put(0, pieces[0] as Buffer)
    await overwrite(join(opened.directory, 'First.mkv'), MIB, 100)
    await opened.put(1, pieces[1] as Buffer)
    await opened.put(2, pieces[2] as Buffer)
    for (const piece of [0, 1, 2]) await opened.get(piece, 0)
    expect([opened.changed, opened.said]).toEqual([[0], []])
    await opened.expectRight()
  })

  test("is told from the engine's own writes, also when many wait", async () => {
    await using folder = await temporaryFolder()
    await using opened = await openStore(folder.path)
    for (let round = 0; round < 20; round++)
      await Promise.all(pieces.map((piece, index) => opened.put(index, piece)))
    expect([opened.changed, opened.said]).toEqual([[], []])
    const reported = opened.wrote.filter(({ file }) => file === 0)
    expect(reported.at(-1)).toEqual({
      file: 0,
      changedAt: (await stat(join(opened.directory, 'First.mkv'))).ctimeMs,
      isWriting: false,
    })
    expect(reported[0]?.isWriting).toBe(true)
    await opened.expectRight()
  })
})

/** Has a piece written, until the store notices that the first file was replaced. */
async function untilSeen(opened: Awaited<ReturnType<typeof openStore>>, piece: number): Promise<void> {
  const timesOpened = () => opened.opened.filter(({ file }) => file === 0).length
  const before = timesOpened()
  const failed = Promise.withResolvers<never>()
  const seen = expect.poll(
    async () => {
      await opened.put(piece, pieces[piece] as Buffer).catch(failed.reject)
      return timesOpened()
    },
    { timeout: 10_000, interval: 100 },
  )
  await Promise.race([failed.promise, seen.toBeGreaterThan(before)])
}

/** Bytes read by this process, from the disk or from the page cache. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

function openGates() {
  return { reads: new ByteGate(4 * MIB), checks: new ByteGate(1) }
}

async function openStore(root: string, claimed: readonly number[] = [], gates = openGates()) {
  const directory = join(root, 'a torrent')
  await makeTorrentFolder(directory)
  const said: string[] = []
  const changed: number[] = []
  const wrote: { readonly file: number; readonly changedAt: number; readonly isWriting: boolean }[] = []
  const seen: { readonly file: number; readonly id: string }[] = []
  const disk = new Disk()
  const store = new PieceStore(
    { info, directory, claimed, disk, gates },
    {
      opened: (file, id) => seen.push({ file, id }),
      wrote: (file, changedAt, isWriting) => wrote.push({ file, changedAt, isWriting }),
      changed: (file) => changed.push(file),
      damaged: (piece) => said.push(`${piece} is damaged`),
      gone: (pieces) => said.push(`${pieces} are gone`),
      diskFull: (refusal) => said.push(refusal),
      diskReady: () => said.push('ready'),
      replacing: async () => undefined,
    },
  )
  return {
    directory,
    said,
    changed,
    wrote,
    opened: seen,
    disk,
    store,
    put: promisify((piece: number, data: Uint8Array, done: (error: Error | null) => void) =>
      store.put(piece, data, done),
    ),
    get: promisify((piece: number, offset: number, done: (error: Error | null, bytes?: Uint8Array) => void) =>
      store.get(piece, { offset, length: 16_384 }, done),
    ),
    async expectRight() {
      expectSameBytes(await readFile(join(directory, 'First.mkv')), first)
      expectSameBytes(await readFile(join(directory, 'Second.mkv')), second)
    },
    [Symbol.asyncDispose]: () => store.closeFiles(),
  }
}
