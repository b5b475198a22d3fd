import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { isLocalFileId } from '../domain/bittorrent/local-file-id.ts'
import { writeMagnet } from '../domain/bittorrent/magnet.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { clientKey } from '../domain/clients/client-key.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { isAbsent } from '../files/if-there.ts'
import type { UserVideo } from '../files/user-video.ts'
import { Deadline } from '../lib/deadline.ts'
import type { LocalFiles } from '../library/local-files.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { TorrentService } from '../torrents/torrent-service.ts'
import type { ListedFiles } from './listed-files.ts'
import type { ListedTrackers } from './listed-trackers.ts'
import { type Media, mediaOfList, mediaOfTorrent, mediaOfUser } from './media.ts'
import type { Reads } from './reads.ts'

/**
 * A file that was just put there is worth a short wait rather than asking peers; the answer still comes within a
 * second.
 */
const SETTLING_MS = 800

export interface MediaRequest {
  readonly infoHash: InfoHash
  readonly choice: FileChoice
  /** file name in the URL; chooses among several files of the user */
  readonly name?: string | undefined
  readonly trackers: readonly string[]
  /** whether the list knew that the torrent is private */
  readonly isPrivate?: boolean
  /** for HEAD: only what is known about the bytes */
  readonly onlyHead?: boolean
  /** any unique key of the client, such as an address */
  readonly client: string
  /** the request itself, if it may be ended in favour of others */
  readonly viewer?: Viewer | undefined
}

/** Where a video may come from. */
export interface VideoStores {
  readonly torrents: Pick<TorrentService, 'isKnown' | 'isAtHand' | 'findWhole' | 'getStream'>
  readonly placed: Pick<PlacedFiles, 'find'>
  readonly local: LocalFiles
}

/** What our lists said about torrents. */
export interface ListedFacts {
  readonly trackers: Pick<ListedTrackers, 'sort'>
  readonly files: Pick<ListedFiles, 'find'>
}

/** @throws SelfStremeError `media.not_found`, `media.no_peers` and others that `getStream` names */
export type OpenMedia = (request: MediaRequest, gone: AbortSignal) => Promise<Media>

/**
 * Finds the bytes of a film: on disk first, which needs no network, else in the swarm.
 *
 * @param options.answerMs - by then an answer begins, or the request fails
 */
export function mediaOpener(
  options: { readonly answerMs: number },
  stores: VideoStores,
  reads: Reads,
  listed: ListedFacts,
): OpenMedia {
  const opener = new MediaOpener(options.answerMs, stores, reads, listed)
  return (request, gone) => opener.open(request, gone)
}

class MediaOpener {
  readonly #answerMs: number
  readonly #stores: VideoStores
  readonly #reads: Reads
  readonly #listed: ListedFacts

  constructor(answerMs: number, stores: VideoStores, reads: Reads, listed: ListedFacts) {
    this.#answerMs = answerMs
    this.#stores = stores
    this.#reads = reads
    this.#listed = listed
  }

  async open(request: MediaRequest, gone: AbortSignal): Promise<Media> {
    const { infoHash, choice, client } = request
    if (isLocalFileId(infoHash)) return this.#openLocal(request, gone)
    // The fast path of nearly all requests.
    const whole = await this.#stores.torrents.findWhole(infoHash, choice)
    return whole
      ? mediaOfTorrent(whole, client, this.#reads, async () => undefined)
      : this.#openSlowly(request, gone)
  }

  /** Only this server has the file, so no peer is asked. */
  async #openLocal({ infoHash, choice, client }: MediaRequest, gone: AbortSignal): Promise<Media> {
    using deadline = new Deadline(this.#answerMs)
    const signal = AbortSignal.any([gone, deadline.signal])
    const { local } = this.#stores
    const video = meansOnlyFile(choice) ? await local.open(infoHash, signal).catch(ifGone) : undefined
    if (video) return mediaOfUser(video, client)
    throw new SelfStremeError('media.not_found', `the file ${infoHash} no longer exists`)

    function ifGone(error: unknown): undefined {
      const isGone = isAbsent(error) || (deadline.isPassed && !gone.aborted)
      if (!isGone) throw error
    }
  }

  async #openSlowly(request: MediaRequest, gone: AbortSignal): Promise<Media> {
    const { infoHash, client } = request
    const answerMs = this.#answerMs
    await using opening = new AsyncDisposableStack()
    const deadline = opening.use(new Deadline(answerMs))
    const signal = AbortSignal.any([gone, deadline.signal])

    const video = await inTime(this.#findPlaced(request, gone))
    if (video) return mediaOfUser(video, client)
    const listed = this.#withoutAsking(request)
    if (listed) return listed
    const stream = await inTime(this.#stream(request, signal))
    const whenStartable = (position: number) => inTime(stream.whenStartable(position, signal))
    const media = opening.use(mediaOfTorrent(stream, client, this.#reads, whenStartable))
    const held = opening.move()
    return { ...media, [Symbol.asyncDispose]: () => held.disposeAsync() }

    async function inTime<T>(answer: Promise<T>): Promise<T> {
      try {
        return await answer
      } catch (cause) {
        if (!deadline.isPassed || gone.aborted || cause instanceof SelfStremeError) throw cause
        throw new SelfStremeError('media.no_peers', `no peer had ${infoHash} within ${answerMs} ms`, {
          cause,
        })
      }
    }
  }

  async #findPlaced(request: MediaRequest, gone: AbortSignal): Promise<UserVideo | undefined> {
    const { torrents, placed } = this.#stores
    using settling = new Deadline(this.#answerMs + SETTLING_MS)
    // The user may have replaced our own file. Unverified files are not needed then: the torrent can be downloaded.
    const mustBeVerified = () => torrents.isAtHand(request.infoHash)
    return await placed.find(request, AbortSignal.any([gone, settling.signal]), mustBeVerified)
  }

  /**
   * The answer if no peer may or need be asked.
   *
   * @throws SelfStremeError `media.not_found` for an unknown private torrent: asking peers or trackers for it would
   * disclose it
   */
  #withoutAsking({ infoHash, choice, isPrivate, onlyHead }: MediaRequest): Media | undefined {
    if (this.#stores.torrents.isKnown(infoHash)) return undefined
    if (isPrivate)
      throw new SelfStremeError(
        'media.not_found',
        `${infoHash} is private and its torrent file is no longer known: open the list of the video again`,
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

/** Whether a choice can mean the file of a torrent with only one. */
function meansOnlyFile(choice: FileChoice): boolean {
  return choice.kind === 'file' ? choice.fileIdx === 0 : choice.kind === 'main' || choice.kind === 'only'
}
