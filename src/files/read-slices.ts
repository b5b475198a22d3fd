import type { ByteRange } from '../domain/byte-range.ts'
import { BufferPool } from './buffer-pool.ts'
import type { ByteSource } from './open-once.ts'
import { MIN_SLICE, SliceMemory } from './slice-memory.ts'

/** Small, so that the first bytes leave soon. */
const FIRST_SLICE = 128 * 1024
const SLICE = 256 * 1024
const MAX_SLICE = 512 * 1024
/** A viewer who takes a slice in less than this is a fast one, and is given more at a time. */
const FAST_MS = 15

/** Shared by all who read: what one viewer has left is there for the next; more than this goes back to the system. */
const buffers = new BufferPool(8 * 1024 * 1024)

/** Four fast viewers have the longest slices, 60 have two of 128 KiB each, and 1,500 more who take nothing one of 32 KiB. */
export const sliceMemory = new SliceMemory(64 * 1024 * 1024)

/**
 * Tells how far a file may be read from a position: the end, exclusive, of the bytes that are there and right.
 * Waits until there is at least one, and throws if there will be none.
 */
export type ReadableEnd = (position: number, signal: AbortSignal) => Promise<number>

/**
 * The bytes of a range, in order, the next slice being read while the last one is on its way.
 *
 * Who asks for the next slice says with it that the last one may be overwritten: what was handed to a socket must have
 * left it by then.
 *
 * @param openFile - asked before every read, when its bytes are there; whoever opens the file closes it, when this has
 * ended. Where they are there no more by then, there is no file, and they are waited for again.
 * @param range - inclusive, inside the file
 * @yields exactly the bytes of the range
 * @throws whatever `readableEnd` throws; an error if the file is shorter than it says
 */
export async function* readSlices(
  openFile: (position: number, length: number) => Promise<ByteSource | undefined>,
  range: ByteRange,
  readableEnd: ReadableEnd,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let length = FIRST_SLICE

  async function readAt(position: number): Promise<Slice> {
    for (;;) {
      const slice = await tryToRead(position)
      if (slice) return slice
    }
  }

  async function tryToRead(position: number): Promise<Slice | undefined> {
    const end = Math.min(await readableEnd(position, signal), range.end + 1)
    const wanted = Math.min(end - position, length, sliceMemory.longestSlice)
    const bufferLength = bufferLengthFor(wanted)
    await sliceMemory.take(bufferLength, signal)
    const buffer = buffers.take(bufferLength)
    try {
      const file = await openFile(position, wanted)
      if (!file) {
        giveBack(buffer)
        return undefined
      }
      const { bytesRead } = await file.read(buffer, 0, wanted, position)
      if (bytesRead === 0) throw new Error(`the file ends at ${position}, before byte ${range.end}`)
      return { buffer, bytes: buffer.subarray(0, bytesRead) }
    } catch (error) {
      giveBack(buffer)
      throw error
    }
  }

  let next: Promise<Slice> | undefined
  let inSocket: Buffer | undefined
  try {
    for (let position = range.start; position <= range.end; ) {
      const { buffer, bytes }: Slice = await (next ?? readAt(position))
      inSocket = buffer
      position += bytes.length
      next = position <= range.end && sliceMemory.isPlenty ? readAt(position) : undefined
      // It is awaited in the next round, which does not come if the viewer leaves meanwhile.
      next?.catch(() => undefined)

      const handedOutAt = performance.now()
      yield bytes
      inSocket = undefined
      giveBack(buffer)
      const isFast = performance.now() - handedOutAt < FAST_MS
      length = isFast ? Math.min(2 * length, MAX_SLICE) : SLICE
    }
  } finally {
    // If the viewer left, this one may still be in the socket, which closes: it is left to the collector.
    if (inSocket) sliceMemory.giveBack(inSocket.length)
    // The disk may be in the middle of it.
    const unsent = await next?.catch(() => undefined)
    if (unsent) giveBack(unsent.buffer)
  }
}

function giveBack(buffer: Buffer): void {
  buffers.giveBack(buffer)
  sliceMemory.giveBack(buffer.length)
}

/** A power of two, so that a buffer fits the next one who comes, too. */
function bufferLengthFor(bytes: number): number {
  return Math.max(MIN_SLICE, 2 ** Math.ceil(Math.log2(bytes)))
}

interface Slice {
  readonly buffer: Buffer
  /** the part of it that was read */
  readonly bytes: Buffer
}
