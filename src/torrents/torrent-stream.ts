import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { ByteRange } from '../domain/byte-range.ts'

/** A file of a torrent, to be read while it is fetched. Holds the torrent until it is disposed of. */
export interface TorrentStream extends AsyncDisposable {
  readonly infoHash: InfoHash
  readonly fileIdx: number
  readonly name: string
  /** bytes */
  readonly size: number
  /** on our disk */
  readonly path: string
  /** Nothing of it is missing, and all of it was verified. */
  readonly isWhole: boolean
  /** Somebody else reads the file: counts like a {@link read}. */
  noteRead(): void
  /** Resolves when the first bytes of an answer are there, or a peer that can give them. */
  whenStartable(position: number, signal: AbortSignal): Promise<void>
  /** Exactly the bytes of the range, or an error; a slice lasts until the next one is asked for. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}

/** What every stream is made of. */
export interface StreamParts {
  readonly infoHash: InfoHash
  readonly fileIdx: number
  readonly name: string
  /** bytes */
  readonly size: number
  readonly path: string
  /** keeps the torrent from being removed; whoever reads adds to it what ends with the reading */
  readonly lease: Disposable
  /** somebody begins to read */
  readonly noteRead: () => void
}
