import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from '../domain/byte-range.ts'

const FIRST_SLICE = 128 * 1024
const SLICE = 1024 * 1024

/**
 * Tells how far a file may be read from a position: the end, exclusive, of the bytes that are there and right.
 * Waits until there is at least one, and throws if there will be none.
 */
export type ReadableEnd = (position: number, signal: AbortSignal) => Promise<number>

/**
 * The bytes of a range, in order, the next slice being read while the last one is on its way.
 *
 * @param openFile - called once, when the first bytes are there
 * @param range - inclusive, inside the file
 * @yields exactly the bytes of the range, in slices of at most 1 MiB
 * @throws whatever `readableEnd` throws; an error if the file is shorter than it says
 */
export async function* readSlices(
  openFile: () => Promise<FileHandle>,
  range: ByteRange,
  readableEnd: ReadableEnd,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let file: FileHandle | undefined

  async function readAt(position: number): Promise<Buffer> {
    const end = Math.min(await readableEnd(position, signal), range.end + 1)
    file ??= await openFile()
    const wanted = Math.min(end - position, position === range.start ? FIRST_SLICE : SLICE)
    const slice = Buffer.allocUnsafe(wanted)
    const { bytesRead } = await file.read(slice, 0, wanted, position)
    if (bytesRead === 0) throw new Error(`the file ends at ${position}, before byte ${range.end}`)
    return slice.subarray(0, bytesRead)
  }

  let next = readAt(range.start)
  try {
    for (let position = range.start; position <= range.end; ) {
      const slice = await next
      position += slice.length
      if (position <= range.end) {
        next = readAt(position)
        // It is awaited in the next round, which does not come if the viewer leaves meanwhile.
        next.catch(() => undefined)
      }
      yield slice
    }
  } finally {
    await next.catch(() => undefined)
    await file?.close()
  }
}
