import type { Found } from '../domain/candidate.ts'
import { chooseDelivery, type Delivery, type DeliveryMode, detectDevice } from '../domain/device.ts'
import { type VideoId, videoIdOf } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
import { presentPassThrough } from './present-pass-through.ts'
import { presentStreams, type StremioStream } from './present-stream.ts'

/** Clients we do not know are worth a line in the log, once each, but not without end. */
const MOST_UNKNOWN_CLIENTS = 1_000

export interface StreamServiceOptions {
  /** asked for every torrent, besides its own */
  readonly trackers: readonly string[]
}

export interface AskOptions {
  /** header of that name; the only thing that tells Stremio for Windows from a browser */
  readonly secChUa?: string | undefined
  /** what the install URL says */
  readonly mode?: DeliveryMode
  /** another self-streme asks, for one of its viewers */
  readonly isRelayed?: boolean
  readonly signal?: AbortSignal
}

export interface Search {
  find(
    video: VideoId,
    signal: AbortSignal,
    asker: { readonly isRelayed: boolean },
  ): Promise<{ readonly candidates: readonly Found[] }>
}

/** A list as a device was answered it. */
export interface AnsweredList {
  readonly video: VideoId
  /** in the order in which the device shows it */
  readonly found: readonly Found[]
  readonly delivery: Delivery
  /** whatever tells who asked from others */
  readonly client: string
}

export interface StreamService {
  /**
   * The list a viewer chooses from, as the device that asks can play it.
   *
   * @param imdbId - id of the film or series, without season and episode; IMDb's, another catalogue's, or one of the
   * user's own
   * @param season - `undefined` for a film, and for series of catalogues that know no seasons (`kitsu:`)
   * @param baseUrl - how the device reaches us, without a slash at the end
   */
  getStreams(
    type: string,
    imdbId: string,
    season: number | undefined,
    episode: number | undefined,
    userAgent: string,
    baseUrl: string,
    options?: AskOptions,
  ): Promise<StremioStream[]>
}

/** @param onAnswered - told of every list that a viewer's device gets */
export function createStreamService(
  options: StreamServiceOptions,
  search: Search,
  log: Log,
  onAnswered: (list: AnsweredList) => void = () => undefined,
): StreamService {
  const unknownClients = new Set<string>()

  return {
    async getStreams(type, imdbId, season, episode, userAgent, baseUrl, ask = {}) {
      const video = videoIdOf(type, imdbId, season, episode)
      if (!video) return []
      const device = detectDevice({ userAgent, secChUa: ask.secChUa })
      if (device.rule === 'unknown') noteUnknown(userAgent, ask.secChUa)
      const delivery = chooseDelivery(ask.mode ?? 'auto', device)
      const { signal = new AbortController().signal, isRelayed = false } = ask
      const { candidates } = await search.find(video, signal, { isRelayed })
      if (!isRelayed) onAnswered({ video, found: candidates, delivery, client: userAgent })
      log.debug('streams listed', { id: imdbId, rule: device.rule, delivery, found: candidates.length })
      return candidates.flatMap((found) =>
        found.kind === 'torrent'
          ? presentStreams(found, delivery, { ...options, baseUrl })
          : [presentPassThrough(found)],
      )
    },
  }

  function noteUnknown(userAgent: string, secChUa: string | undefined): void {
    const client = `${userAgent}\n${secChUa ?? ''}`
    if (unknownClients.has(client) || unknownClients.size >= MOST_UNKNOWN_CLIENTS) return
    unknownClients.add(client)
    log.info('unknown client', { userAgent, secChUa: secChUa ?? '' })
  }
}
