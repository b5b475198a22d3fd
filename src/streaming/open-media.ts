import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { isLocalFileId } from '../domain/bittorrent/local-file-id.ts'
import { writeMagnet } from '../domain/bittorrent/magnet.ts'
import type { ByteRange } from '../domain/byte-range.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { clientKey } from '../domain/clients/client-key.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { contentTypeOf } from '../domain/content-type.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import type { PlacedFile, PlacedQuery } from '../placed/placed-files.ts'
import type { TorrentStream } from '../torrents/torrent-stream.ts'
import type { ListedFile, ListedFiles } from './listed-files.ts'
import type { ListedTrackers } from './listed-trackers.ts'
import type { Media } from './media.ts'

/** A file that was just put there is worth a moment more than peers are; an answer still comes within a second. */
const SETTLING_MS = 800

export interface MediaRequest {
  readonly infoHash: InfoHash
  readonly choice: FileChoice
  /** what the URL calls the file; chooses among several that the user placed */
  readonly name?: string | undefined
  readonly trackers: readonly string[]
  /** the list knew that the torrent is private */
  readonly isPrivate?: boolean
  /** No bytes are asked for, only what is known of them. */
  readonly onlyHead?: boolean
  /** whatever tells who asks from others, such as an address */
  readonly client: string
  /** the request itself, which may have to give way to others; absent: it need not */
  readonly viewer?: Viewer | undefined
}

export interface Torrents {
  isKnown(infoHash: InfoHash): boolean
  isAtHand(infoHash: InfoHash): boolean
  findWhole(infoHash: InfoHash, choice: FileChoice): Promise<TorrentStream | undefined>
  getStream(
    magnetUri: string,
    choice: FileChoice,
    retryCount: number | undefined,
    customPath: string | undefined,
    signal: AbortSignal,
    named: { readonly trackers: readonly string[]; readonly client: string },
    viewer: Viewer | undefined,
  ): Promise<TorrentStream>
}

export interface Placed {
  find(
    wanted: PlacedQuery,
    signal: AbortSignal,
    mustBeVerified: () => boolean,
  ): Promise<PlacedFile | undefined>
}

/** Files that are in no torrent, by the ids that stand for them. */
export interface LocalFiles {
  open(id: InfoHash, signal: AbortSignal): Promise<PlacedFile | undefined>
}

/** Some bytes of a file of a torrent that a client was sent. */
export interface Reading {
  readonly infoHash: InfoHash
  readonly fileIdx: number
  readonly client: string
  /** of the file, bytes */
  readonly size: number
  /** what was sent; absent where somebody else sends the file, and only they know */
  readonly sent?: ByteRange
}

/** Who counts what is watched. */
export interface Audience {
  /** A client reads a file now. */
  noteRead(infoHash: InfoHash, fileIdx: number, client: string): void
  /** Where somebody wants to know how far viewers have come: called for every slice. */
  readonly follow?: ((reading: Reading) => void) | undefined
}

export type OpenMedia = (request: MediaRequest, gone: AbortSignal) => Promise<Media>

/**
 * Finds the bytes of a film: on the disk first, so that no network is needed, else in the swarm.
 *
 * @param timeoutMs - an answer can begin by then, or there will be none
 */
export function mediaOpener(
  { timeoutMs }: { readonly timeoutMs: number },
  torrents: Torrents,
  placed: Placed,
  local: LocalFiles,
  audience: Audience,
  listedTrackers: Pick<ListedTrackers, 'sort'>,
  listedFiles: Pick<ListedFiles, 'find'>,
): OpenMedia {
  /** @throws SelfStremeError `media.not_found`, `media.no_peers` and others that `getStream` names */
  return async function openMedia(request, gone) {
    const { infoHash, choice } = request
    if (isLocalFileId(infoHash)) return openLocal(request, gone)
    // The way of nearly all requests is the short one.
    const whole = await torrents.findWhole(infoHash, choice)
    return whole ? fromTorrent(whole, request, async () => undefined) : openSlowly(request, gone)
  }

  /** Nobody else has it, so nobody else is asked for it. */
  async function openLocal({ infoHash, choice, client }: MediaRequest, gone: AbortSignal): Promise<Media> {
    using deadline = new Deadline(timeoutMs)
    const signal = AbortSignal.any([gone, deadline.signal])
    const file = isOnlyFile(choice) ? await local.open(infoHash, signal).catch(ifGone) : undefined
    if (file) return fromPlaced(file, client)
    throw new SelfStremeError('media.not_found', `there is no file ${infoHash} any more`)

    function ifGone(error: NodeJS.ErrnoException): undefined {
      const isGone = error.code === 'ENOENT' || (deadline.isPassed && !gone.aborted)
      if (!isGone) throw error
    }
  }

  async function openSlowly(request: MediaRequest, gone: AbortSignal): Promise<Media> {
    const { infoHash, choice, name, trackers, isPrivate } = request
    await using opening = new AsyncDisposableStack()
    const deadline = opening.use(new Deadline(timeoutMs))
    const signal = AbortSignal.any([gone, deadline.signal])

    using settling = new Deadline(timeoutMs + SETTLING_MS)
    // What lies where our own was may be anything, and need not be taken on trust: it can be fetched.
    const mustBeVerified = () => torrents.isAtHand(infoHash)
    const inAMoment = AbortSignal.any([gone, settling.signal])
    const file = await inTime(placed.find({ infoHash, choice, name }, inAMoment, mustBeVerified))
    if (file) return fromPlaced(file, request.client)
    // Whoever would be asked for it now must not be told of it.
    if (isPrivate && !torrents.isKnown(infoHash))
      throw new SelfStremeError(
        'media.not_found',
        `${infoHash} is private, and its torrent file is not known any more: open the list of the video again`,
      )
    if (request.onlyHead && !torrents.isKnown(infoHash)) {
      const known = listedFiles.find(infoHash, choice)
      if (known) return fromList(infoHash, known)
    }
    const { listed, others } = listedTrackers.sort(infoHash, trackers)
    const magnet = writeMagnet(infoHash, listed)
    const named = { trackers: others, client: clientKey(request.client) }
    const stream = opening.use(
      await inTime(torrents.getStream(magnet, choice, undefined, undefined, signal, named, request.viewer)),
    )
    const held = opening.move()
    return {
      ...fromTorrent(stream, request, (position) => inTime(stream.whenStartable(position, signal))),
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }

    async function inTime<T>(answer: Promise<T>): Promise<T> {
      try {
        return await answer
      } catch (cause) {
        if (!deadline.isPassed || gone.aborted || cause instanceof SelfStremeError) throw cause
        throw new SelfStremeError('media.no_peers', `nobody gave ${infoHash} in ${timeoutMs} ms`, { cause })
      }
    }
  }

  function fromTorrent(
    stream: TorrentStream,
    { client }: MediaRequest,
    whenStartable: Media['whenStartable'],
  ): Media {
    const { infoHash, fileIdx, size } = stream
    const { follow } = audience
    return {
      name: stream.name,
      size: stream.size,
      etag: etagOf(infoHash, fileIdx),
      contentType: contentTypeOf(stream.name),
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
}

/** Whether a choice means the file, where there is but one. */
function isOnlyFile(choice: FileChoice): boolean {
  return choice.kind === 'file' ? choice.fileIdx === 0 : choice.kind === 'main' || choice.kind === 'only'
}

/** Tells of every slice when it has been sent: when the next one is asked for. */
async function* followed(
  slices: AsyncIterable<Buffer>,
  start: number,
  tell: (sent: ByteRange) => void,
): AsyncGenerator<Buffer, void, void> {
  let position = start
  for await (const slice of slices) {
    const end = position + slice.length - 1
    yield slice
    tell({ start: position, end })
    position = end + 1
  }
}

/** What a list said of a file, for who asks for nothing more. */
function fromList(infoHash: InfoHash, { fileIdx, name, size }: ListedFile): Media {
  const noBytes = () => {
    throw new SelfStremeError('media.not_found', `of ${infoHash}, only what a list said is known`)
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

function etagOf(infoHash: InfoHash, fileIdx: number): string {
  return `"${infoHash}-${fileIdx}"`
}

function fromPlaced(file: PlacedFile, client: string): Media {
  return {
    name: file.name,
    size: file.size,
    etag: `"${file.size.toString(16)}-${Math.floor(file.mtimeMs).toString(16)}"`,
    lastModified: new Date(file.mtimeMs),
    contentType: contentTypeOf(file.name),
    wholeAt: file.path,
    noteRead: () => file.noteRead(client),
    whenStartable: async () => undefined,
    read(range, left) {
      file.noteRead(client)
      return file.read(range, left)
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}
