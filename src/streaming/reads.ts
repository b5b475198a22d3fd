import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { ByteRange } from '../domain/byte-range.ts'
import type { Log } from '../observe/log.ts'
import type { TorrentStream } from '../torrents/torrent-stream.ts'
import { UseLog } from './use-log.ts'

/** Bytes of a file of a torrent that were sent to a client. */
export interface Reading {
  readonly infoHash: InfoHash
  readonly fileIdx: number
  readonly client: string
  /** of the file, bytes */
  readonly size: number
  /** absent if another program sends the file */
  readonly sent?: ByteRange
}

/** A file of a torrent that is read. */
export type ReadFile = Pick<TorrentStream, 'infoHash' | 'fileIdx' | 'name' | 'size' | 'path' | 'isWhole'>

/** A read under way; dispose of it when the reader has left. */
export interface OngoingRead extends Disposable {
  /** Reports bytes that were sent; absent where nothing depends on how far viewers have come. */
  readonly sent?: ((range?: ByteRange) => void) | undefined
}

/** Is told of every read of a file of a torrent; the only port for it. */
export interface Reads {
  begin(file: ReadFile, client: string): OngoingRead
}

/** Notes reads where something depends on them: in the index, in the log, and in what is fetched ahead. */
export class ReadNotes implements Reads {
  readonly #index: ReadIndex
  readonly #follow: ((reading: Reading) => void) | undefined
  readonly #uses: UseLog

  /** @param follow - called for every slice that was sent */
  constructor(index: ReadIndex, follow: ((reading: Reading) => void) | undefined, log: Log) {
    this.#index = index
    this.#follow = follow
    this.#uses = new UseLog(log)
  }

  begin(file: ReadFile, client: string): OngoingRead {
    const { infoHash, fileIdx, size } = file
    const follow = this.#follow
    this.#index.noteRead(infoHash)
    this.#index.notePlay(infoHash, fileIdx, client)
    this.#uses.note(file)
    return {
      sent: follow && ((sent) => follow({ infoHash, fileIdx, client, size, ...(sent && { sent }) })),
      [Symbol.dispose]: () => this.#index.noteRead(infoHash),
    }
  }
}

/** Where it is kept when a torrent was last read, and how often it was played. */
interface ReadIndex {
  /** The torrent is being read now. */
  noteRead(infoHash: InfoHash): void
  /** A client reads a file; counted once for each time it is played. */
  notePlay(infoHash: InfoHash, fileIdx: number, client: string): void
}
