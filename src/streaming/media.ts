import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { ByteRange } from '../domain/byte-range.ts'
import { contentTypeOf } from '../domain/content-type.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { OpenVideo } from '../files/open-video.ts'
import type { UserVideo } from '../files/user-video.ts'
import type { TorrentStream } from '../torrents/torrent-stream.ts'
import type { ListedFile } from './listed-files.ts'
import type { Reads } from './reads.ts'

/** A video to send, with everything that its headers need. */
export interface Media extends OpenVideo {
  /**
   * strong, in quotes: the same as long as the bytes are the same (RFC 9110 §8.8.3); absent if the file is known only
   * from a list
   */
  readonly etag?: string | undefined
  readonly lastModified?: Date
  readonly contentType: string
  /** path of the complete file on our disk; absent while it is incomplete or unverified */
  readonly wholeAt?: string | undefined
  /** Another program reads the bytes at `wholeAt`: counts as a {@link read}. */
  noteRead(): void
  /** Resolves when it is likely enough that the bytes from `position` on will arrive. */
  whenStartable(position: number): Promise<void>
}

/** Closing it closes the stream. */
export function mediaOfTorrent(
  stream: TorrentStream,
  client: string,
  reads: Reads,
  whenStartable: Media['whenStartable'],
): Media {
  const { infoHash, fileIdx, name, size } = stream
  const begun = new AsyncDisposableStack()
  begun.use(stream)
  const begin = () => begun.use(reads.begin(stream, client))
  return {
    name,
    size,
    etag: etagOf(infoHash, fileIdx),
    contentType: contentTypeOf(name),
    wholeAt: stream.isWhole ? stream.path : undefined,
    noteRead: () => begin().sent?.(),
    whenStartable,
    read(range, left) {
      const { sent } = begin()
      const slices = stream.read(range, left)
      return sent ? followed(slices, range.start, sent) : slices
    },
    [Symbol.asyncDispose]: () => begun.disposeAsync(),
  }
}

/** Reports each slice when it has been sent: when the next one is requested. */
async function* followed(
  slices: AsyncIterable<Buffer>,
  start: number,
  report: (sent: ByteRange) => void,
): AsyncGenerator<Buffer, void, void> {
  let position = start
  for await (const slice of slices) {
    const end = position + slice.length - 1
    yield slice
    report({ start: position, end })
    position = end + 1
  }
}

/** A file that is known only from a list, for a request without body. */
export function mediaOfList(infoHash: InfoHash, { fileIdx, name, size }: ListedFile): Media {
  const noBytes = () => {
    throw new SelfStremeError('media.not_found', `${infoHash} is known only from a list`)
  }
  return {
    name,
    size,
    etag: fileIdx === undefined ? undefined : etagOf(infoHash, fileIdx),
    contentType: contentTypeOf(name),
    noteRead: () => undefined,
    whenStartable: async () => noBytes(),
    read: noBytes,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

export function mediaOfUser(video: UserVideo, client: string): Media {
  const { name, size, mtimeMs, path } = video
  return {
    name,
    size,
    etag: `"${size.toString(16)}-${Math.floor(mtimeMs).toString(16)}"`,
    lastModified: new Date(mtimeMs),
    contentType: contentTypeOf(name),
    wholeAt: path,
    noteRead: () => video.noteRead(client),
    whenStartable: async () => undefined,
    read(range, left) {
      video.noteRead(client)
      return video.read(range, left)
    },
    [Symbol.asyncDispose]: () => video[Symbol.asyncDispose](),
  }
}

function etagOf(infoHash: InfoHash, fileIdx: number): string {
  return `"${infoHash}-${fileIdx}"`
}
