import type { ByteRange } from '../domain/byte-range.ts'

/** A video that can be sent, wherever its bytes come from. Disposing of it says that the viewer has left. */
export interface Media extends AsyncDisposable {
  readonly name: string
  /** bytes */
  readonly size: number
  /**
   * strong, in quotes: the same for as long as the bytes are the same (RFC 9110 §8.8.3); absent where only a list knows
   * the file
   */
  readonly etag?: string | undefined
  readonly lastModified?: Date
  readonly contentType: string
  /** where all of it lies on our disk; absent while something is missing, or was not verified */
  readonly wholeAt?: string | undefined
  /** Somebody else reads the bytes at `wholeAt`: counts like a {@link read}. */
  noteRead(): void
  /** Resolves when it is sure enough that the bytes from `position` on will come. */
  whenStartable(position: number): Promise<void>
  /** Exactly the bytes of the range, or an error; a slice lasts until the next one is asked for. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}
