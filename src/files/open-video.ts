import type { ByteRange } from '../domain/byte-range.ts'

/** A video that is open for reading, wherever its bytes come from. Dispose of it when its reader has left. */
export interface OpenVideo extends AsyncDisposable {
  readonly name: string
  /** bytes */
  readonly size: number
  /** Exactly the bytes of the range, or an error; a slice is valid until the next one is requested. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}
