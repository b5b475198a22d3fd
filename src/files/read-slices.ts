import type { ByteRange } from '../domain/byte-range.ts'
import { BufferPool } from './buffer-pool.ts'
import { MIN_SLICE, SliceMemory } from './slice-memory.ts'

/** Small, so that the first bytes leave soon. */
const FIRST_SLICE = 128 * 1024
const SLICE = 256 * 1024
const MAX_SLICE = 512 * 1024
/** A client that takes a slice within this time is fast, and gets longer slices. */
const FAST_MS = 15

/** Shared by all readers; unused buffers beyond this size are given back to the system. */
const buffers = new BufferPool(8 * 1024 * 1024)

/**
 * Enough for four fast clients with the longest slices, 60 with two of 128 KiB, and 1,500 idle ones with one of 32 KiB.
 */
export const sliceMemory = new SliceMemory(64 * 1024 * 1024)

/**
 * Returns how far a file may be read from a position: the exclusive end of the verified bytes.
 * Waits until there is at least one, and throws if there will be none.
 */
export type ReadableEnd = (position: number, signal: AbortSignal) => Promise<number>

/** A file to read one slice from. */
export interface SliceSource {
  /** @returns `undefined` if the bytes were changed, and have to be waited for again */
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number } | undefined>
}

/** @returns `undefined` if the bytes are there no more */
type OpenSlice = (position: number, length: number) => Promise<SliceSource | undefined>

/**
 * Yields the bytes of a range in order, and reads the next slice while the last one is being sent.
 *
 * A slice is valid until the next one is requested: by then it must have left the socket, as its buffer is reused.
 *
 * @param openFile - called before every read, once its bytes are available; the caller closes the file afterwards. If
 * it returns no file, the bytes are waited for again.
 * @param range - inclusive, inside the file
 * @yields exactly the bytes of the range
 * @throws what `readableEnd` throws; an error if the file is shorter than expected
 */
export async function* readSlices(
  openFile: OpenSlice,
  range: ByteRange,
  readableEnd: ReadableEnd,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let length = FIRST_SLICE

  const readAt = (position: number) => readSlice({ openFile, range, readableEnd, signal }, position, length)
  let next: Promise<Slice> | undefined
  let inSocket: Buffer | undefined
  try {
    for (let position = range.start; position <= range.end; ) {
      const { buffer, bytes }: Slice = await (next ?? readAt(position))
      inSocket = buffer
      position += bytes.length
      next = position <= range.end && sliceMemory.isPlenty ? readAt(position) : undefined
      // Awaited in the next round, which does not happen if the viewer leaves; that must not be an unhandled rejection.
      next?.catch(() => undefined)

      const handedOutAt = performance.now()
      yield bytes
      inSocket = undefined
      giveBack(buffer)
      const isFast = performance.now() - handedOutAt < FAST_MS
      length = isFast ? Math.min(2 * length, MAX_SLICE) : SLICE
    }
  } finally {
    // If the viewer left, this buffer may still be in the closing socket: it is not reused.
    if (inSocket) sliceMemory.giveBack(inSocket.length)
    // The disk may still be writing to this one.
    const unsent = await next?.catch(() => undefined)
    if (unsent) giveBack(unsent.buffer)
  }
}

/** What {@link readSlices} was asked for. */
interface Reading {
  readonly openFile: OpenSlice
  readonly range: ByteRange
  readonly readableEnd: ReadableEnd
  readonly signal: AbortSignal
}

async function readSlice(reading: Reading, position: number, maxBytes: number): Promise<Slice> {
  for (;;) {
    const slice = await tryToRead(reading, position, maxBytes)
    if (slice) return slice
  }
}

/** @returns `undefined` if the bytes are there no more */
async function tryToRead(
  { openFile, range, readableEnd, signal }: Reading,
  position: number,
  maxBytes: number,
): Promise<Slice | undefined> {
  const end = Math.min(await readableEnd(position, signal), range.end + 1)
  const wanted = Math.min(end - position, maxBytes, sliceMemory.longestSlice)
  const bufferLength = bufferLengthFor(wanted)
  await sliceMemory.take(bufferLength, signal)
  const buffer = buffers.take(bufferLength)
  try {
    const file = await openFile(position, wanted)
    const read = await file?.read(buffer, 0, wanted, position)
    if (!read) {
      giveBack(buffer)
      return undefined
    }
    const { bytesRead } = read
    if (bytesRead === 0) throw new Error(`the file ends at ${position}, before byte ${range.end}`)
    return { buffer, bytes: buffer.subarray(0, bytesRead) }
  } catch (error) {
    giveBack(buffer)
    throw error
  }
}

function giveBack(buffer: Buffer): void {
  buffers.giveBack(buffer)
  sliceMemory.giveBack(buffer.length)
}

/** Rounded up to a power of two, so that buffers can be reused. */
function bufferLengthFor(bytes: number): number {
  return Math.max(MIN_SLICE, 2 ** Math.ceil(Math.log2(bytes)))
}

interface Slice {
  readonly buffer: Buffer
  /** the part that was filled */
  readonly bytes: Buffer
}
