import type { Stats } from 'node:fs'
import type { ByteRange } from '../domain/byte-range.ts'
import type { OpenFiles } from './open-files.ts'
import { readSlices } from './read-slices.ts'

/** A file that is open to be read. */
export interface ReadableFile extends AsyncDisposable {
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
  /** Exactly the bytes of the range, or an error; a slice lasts until the next one is asked for. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}

/** @param stats - what a look at the path has just shown */
export async function openReadable(files: OpenFiles, path: string, stats: Stats): Promise<ReadableFile> {
  const { handle, size, [Symbol.asyncDispose]: close } = await files.open(path, stats)
  return {
    size,
    mtimeMs: stats.mtimeMs,
    read: (range, signal) =>
      readSlices(
        async () => handle,
        range,
        async () => size,
        signal,
      ),
    [Symbol.asyncDispose]: close,
  }
}
