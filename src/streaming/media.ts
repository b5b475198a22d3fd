import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { ByteRange } from '../domain/byte-range.ts'
import { contentTypeOf } from '../domain/content-type.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { OpenVideo } from '../files/open-video.ts'
import type { UserVideo } from '../files/user-video.ts'
import type { TorrentStream } from '../torrents/torrent-stream.ts'
import type { ListedFile } from './listed-files.ts'

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

/** Counts plays. */
export interface Audience {
  /** A client is reading a file. */
  noteRead(infoHash: InfoHash, fileIdx: number, client: string): void
  /** Called for every slice that was sent; absent if no part needs it. */
  readonly follow?: ((reading: Reading) => void) | undefined
}

export function mediaOfTorrent(
  stream: TorrentStream,
  client: string,
  audience: Audience,
  whenStartable: Media['whenStartable'],
): Media {
  const { infoHash, fileIdx, name, size } = stream
  const { follow } = audience
  return {
    name,
    size,
    etag: etagOf(infoHash, fileIdx),
    contentType: contentTypeOf(name),
    wholeAt: stream.isWhole ? stream.path : undefined,
    noteRead() {
      audience.noteRead(infoHash, fileIdx, client)
      follow?.({ infoHash, fileIdx, client, size })
      stream.noteRead()
    },
    whenStartable,
    read(range, left) {
      audience.noteRead(infoHash, fileIdx, client)
      const slices = stream.read(range, left)
      return follow
        ? followed(slices, range.start, (sent) => follow({ infoHash, fileIdx, client, size, sent }))
        : slices
    },
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
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
