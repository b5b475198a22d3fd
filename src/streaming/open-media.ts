import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { isLocalFileId } from '../domain/bittorrent/local-file-id.ts'
import { writeMagnet } from '../domain/bittorrent/magnet.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { clientKey } from '../domain/clients/client-key.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { UserVideo } from '../files/user-video.ts'
import { Deadline } from '../lib/deadline.ts'
import type { LocalFiles } from '../library/local-files.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { TorrentService } from '../torrents/torrent-service.ts'
import type { ListedFiles } from './listed-files.ts'
import type { ListedTrackers } from './listed-trackers.ts'
import { type Audience, type Media, mediaOfList, mediaOfTorrent, mediaOfUser } from './media.ts'

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

/** Where a video may come from. */
export interface VideoStores {
  readonly torrents: Pick<TorrentService, 'isKnown' | 'isAtHand' | 'findWhole' | 'getStream'>
  readonly placed: Pick<PlacedFiles, 'find'>
  readonly local: LocalFiles
}

/** What our lists said of torrents. */
export interface ListedFacts {
  readonly trackers: Pick<ListedTrackers, 'sort'>
  readonly files: Pick<ListedFiles, 'find'>
}

/** @throws SelfStremeError `media.not_found`, `media.no_peers` and others that `getStream` names */
export type OpenMedia = (request: MediaRequest, gone: AbortSignal) => Promise<Media>

/**
 * Finds the bytes of a film: on the disk first, so that no network is needed, else in the swarm.
 *
 * @param options.timeoutMs - an answer can begin by then, or there will be none
 */
export function mediaOpener(
  options: { readonly timeoutMs: number },
  stores: VideoStores,
  audience: Audience,
  listed: ListedFacts,
): OpenMedia {
  const opener = new MediaOpener(options.timeoutMs, stores, audience, listed)
  return (request, gone) => opener.open(request, gone)
}

class MediaOpener {
  readonly #timeoutMs: number
  readonly #stores: VideoStores
  readonly #audience: Audience
  readonly #listed: ListedFacts

  constructor(timeoutMs: number, stores: VideoStores, audience: Audience, listed: ListedFacts) {
    this.#timeoutMs = timeoutMs
    this.#stores = stores
    this.#audience = audience
    this.#listed = listed
  }

  async open(request: MediaRequest, gone: AbortSignal): Promise<Media> {
    const { infoHash, choice, client } = request
    if (isLocalFileId(infoHash)) return this.#openLocal(request, gone)
    // Nearly all requests take this short way.
    const whole = await this.#stores.torrents.findWhole(infoHash, choice)
    return whole
      ? mediaOfTorrent(whole, client, this.#audience, async () => undefined)
      : this.#openSlowly(request, gone)
  }

  /** Only this server has the file, so no peer is asked for it. */
  async #openLocal({ infoHash, choice, client }: MediaRequest, gone: AbortSignal): Promise<Media> {
    using deadline = new Deadline(this.#timeoutMs)
    const signal = AbortSignal.any([gone, deadline.signal])
    const { local } = this.#stores
    const video = meansOnlyFile(choice) ? await local.open(infoHash, signal).catch(ifGone) : undefined
    if (video) return mediaOfUser(video, client)
    throw new SelfStremeError('media.not_found', `there is no file ${infoHash} any more`)

    function ifGone(error: NodeJS.ErrnoException): undefined {
      const isGone = error.code === 'ENOENT' || (deadline.isPassed && !gone.aborted)
      if (!isGone) throw error
    }
  }

  async #openSlowly(request: MediaRequest, gone: AbortSignal): Promise<Media> {
    const { infoHash, client } = request
    const timeoutMs = this.#timeoutMs
    await using opening = new AsyncDisposableStack()
    const deadline = opening.use(new Deadline(timeoutMs))
    const signal = AbortSignal.any([gone, deadline.signal])

    const video = await inTime(this.#findPlaced(request, gone))
    if (video) return mediaOfUser(video, client)
    const listed = this.#withoutAsking(request)
    if (listed) return listed
    const stream = opening.use(await inTime(this.#stream(request, signal)))
    const held = opening.move()
    const whenStartable = (position: number) => inTime(stream.whenStartable(position, signal))
    return {
      ...mediaOfTorrent(stream, client, this.#audience, whenStartable),
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

  async #findPlaced(request: MediaRequest, gone: AbortSignal): Promise<UserVideo | undefined> {
    const { torrents, placed } = this.#stores
    using settling = new Deadline(this.#timeoutMs + SETTLING_MS)
    // Where our own file was, any file may lie now. It need not be trusted: the torrent can be fetched.
    const mustBeVerified = () => torrents.isAtHand(request.infoHash)
    return await placed.find(request, AbortSignal.any([gone, settling.signal]), mustBeVerified)
  }

  /**
   * The answer for which no peer may or need be asked.
   *
   * @throws SelfStremeError `media.not_found` for a private torrent that is not known: whoever would be asked for it must
   * not be told of it
   */
  #withoutAsking({ infoHash, choice, isPrivate, onlyHead }: MediaRequest): Media | undefined {
    if (this.#stores.torrents.isKnown(infoHash)) return undefined
    if (isPrivate)
      throw new SelfStremeError(
        'media.not_found',
        `${infoHash} is private, and its torrent file is not known any more: open the list of the video again`,
      )
    const known = onlyHead ? this.#listed.files.find(infoHash, choice) : undefined
    return known && mediaOfList(infoHash, known)
  }

  #stream({ infoHash, choice, trackers, client, viewer }: MediaRequest, signal: AbortSignal) {
    const { listed, others } = this.#listed.trackers.sort(infoHash, trackers)
    const magnet = writeMagnet(infoHash, listed)
    const named = { trackers: others, client: clientKey(client) }
    const { torrents } = this.#stores
    return torrents.getStream(magnet, { choice, signal, named, viewer })
  }
}

/** Whether a choice means the file of what has only one. */
function meansOnlyFile(choice: FileChoice): boolean {
  return choice.kind === 'file' ? choice.fileIdx === 0 : choice.kind === 'main' || choice.kind === 'only'
}
