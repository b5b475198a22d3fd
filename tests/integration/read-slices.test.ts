import { type FileHandle, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type ReadableEnd, readSlices, sliceMemory } from '../../src/files/read-slices.ts'
import { untilAborted } from '../../src/lib/until-aborted.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const film = patternBytes(5 * MIB + 17)
const never = new AbortController().signal

test.for([
  [0, film.length - 1],
  [0, 0],
  [film.length - 1, film.length - 1],
  [131_071, 131_072],
  [1_000_001, 1_065_536],
  [7, 4 * MIB],
])('bytes %i to %i are read in order and completely', async ([start = 0, end = 0]) => {
  await using file = await openFilm()
  const slices = readSlices(
    async () => file.handle,
    { start, end },
    async () => film.length,
    never,
  )
  expectSameBytes(await collect(slices), film.subarray(start, end + 1))
})

const KIB = 1024

test.for([
  ['fast', 0, [128, 128, 256, 512, 512]],
  // Between handing out a slice and reading the next one, the clock is read twice.
  ['no faster than in 15 ms', 15, [128, 128, 256, 256, 256]],
] as const)(
  'the first slice is small, and for a reader that takes slices %s, the next ones are longer',
  async ([, msPerLook, expected]) => {
    await using file = await openFilm()
    let now = 0
    using _clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += msPerLook))
    const range = { start: 0, end: film.length - 1 }
    const lengths: number[] = []
    for await (const slice of readSlices(
      async () => file.handle,
      range,
      async () => film.length,
      never,
    )) {
      lengths.push(slice.length)
    }
    expect(lengths.slice(0, 5).map((length) => length / KIB)).toEqual(expected)
    expect(Math.max(...lengths) / KIB).toBe(Math.max(...expected))
  },
)

test('a slice keeps its bytes until the next one is requested', async () => {
  await using file = await openFilm()
  const range = { start: 0, end: film.length - 1 }
  let position = 0
  for await (const slice of readSlices(
    async () => file.handle,
    range,
    async () => film.length,
    never,
  )) {
    // The next one is being read meanwhile.
    for (let n = 0; n < 5; n++) await turn()
    expectSameBytes(slice, film.subarray(position, position + slice.length))
    position += slice.length
  }
  expect(position).toBe(film.length)
})

test('bytes still being sent to a viewer who left are not overwritten by others', async () => {
  await using file = await openFilm()
  const range = { start: 0, end: film.length - 1 }
  const read = () =>
    readSlices(
      async () => file.handle,
      range,
      async () => film.length,
      never,
    )
  const leaving = read()
  const { value: inTheSocket } = await leaving.next()
  await leaving.return()
  for (let n = 0; n < 3; n++) expectSameBytes(await collect(read()), film)
  expectSameBytes(inTheSocket as Buffer, film.subarray(0, 128 * 1024))
})

test('a reader who leaves during a read from disk waits for it, so that the file can be closed', async () => {
  const file = await openFilm()
  const range = { start: 0, end: film.length - 1 }
  const slices = readSlices(
    async () => file.handle,
    range,
    async () => film.length,
    never,
  )
  await slices.next()
  await slices.return()
  await file[Symbol.asyncDispose]()
})

test('a file shorter than stated is an error, not an end', async () => {
  await using file = await openFilm()
  const range = { start: 0, end: film.length + 999 }
  const slices = readSlices(
    async () => file.handle,
    range,
    async () => film.length + 1000,
    never,
  )
  await expect(collect(slices)).rejects.toThrow(/ends at/)
})

test('only bytes that are there are read, and the rest once they are', async () => {
  await using file = await openFilm()
  const steps = [10, 300_000, 300_001, film.length]
  const readableEnd = async (position: number) => steps.find((step) => step > position) ?? 0
  const lengths: number[] = []
  const range = { start: 0, end: film.length - 1 }
  for await (const slice of readSlices(async () => file.handle, range, readableEnd, never)) {
    lengths.push(slice.length)
  }
  expect(lengths.slice(0, 2)).toEqual([10, 128 * 1024])
  expect(lengths.reduce((sum, length) => sum + length)).toBe(film.length)
})

test('the memory of slices is returned however a reader ends', async () => {
  await using file = await openFilm()
  const read = (end: number, readableEnd: ReadableEnd, signal = never) =>
    readSlices(async () => file.handle, { start: 0, end }, readableEnd, signal)
  expect(sliceMemory.usedBytes).toBe(0)

  await collect(read(film.length - 1, async () => film.length))
  expect(sliceMemory.usedBytes).toBe(0)

  const leaving = read(film.length - 1, async () => film.length)
  await leaving.next()
  await leaving.next()
  expect(sliceMemory.usedBytes).toBeGreaterThan(0)
  await leaving.return()
  expect(sliceMemory.usedBytes).toBe(0)

  await expect(collect(read(film.length, async () => film.length + 1))).rejects.toThrow('the file ends')
  expect(sliceMemory.usedBytes).toBe(0)

  const gone = new AbortController()
  const waiting = read(
    film.length - 1,
    async (position, signal) =>
      position === 0 ? 1_000 : untilAborted(new Promise<number>(() => undefined), signal),
    gone.signal,
  )
  await waiting.next()
  const next = waiting.next()
  gone.abort(new Error('gone'))
  await expect(next).rejects.toThrow('gone')
  expect(sliceMemory.usedBytes).toBe(0)
})

test('when the memory is used up a reader waits for it, and may leave meanwhile', async () => {
  await using file = await openFilm()
  const range = { start: 0, end: film.length - 1 }
  const read = (signal: AbortSignal) =>
    readSlices(
      async () => file.handle,
      range,
      async () => film.length,
      signal,
    )
  const all = 64 * MIB
  await sliceMemory.take(all, never)
  const gone = new AbortController()
  const leaving = collect(read(gone.signal))
  const staying = collect(read(never))
  await expect.poll(() => sliceMemory.waiting).toBe(2)
  gone.abort(new Error('gone'))
  await expect(leaving).rejects.toThrow('gone')
  sliceMemory.giveBack(all)
  expectSameBytes(await staying, film)
  expect([sliceMemory.usedBytes, sliceMemory.waiting]).toEqual([0, 0])
})

async function collect(slices: AsyncIterable<Buffer>): Promise<Buffer> {
  const copies: Buffer[] = []
  for await (const slice of slices) copies.push(Buffer.from(slice))
  return Buffer.concat(copies)
}

async function openFilm(): Promise<{ handle: FileHandle } & AsyncDisposable> {
  await using opening = new AsyncDisposableStack()
  const path = join(opening.use(await temporaryFolder()).path, 'Film.mkv')
  await writeFile(path, film)
  const handle = opening.use(await open(path))
  const opened = opening.move()
  return { handle, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
