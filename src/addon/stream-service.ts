import type { Candidate } from '../domain/candidate.ts'
import { chooseDelivery, type DeliveryMode, detectDevice } from '../domain/device.ts'
import type { VideoId } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
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
  readonly signal?: AbortSignal
}

export interface StreamService {
  /**
   * The list a viewer chooses from, as the device that asks can play it.
   *
   * @param imdbId - id of the film or series, without season and episode; IMDb's, or one of the user's own
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

export function createStreamService(
  options: StreamServiceOptions,
  search: (video: VideoId, signal: AbortSignal) => Promise<readonly Candidate[]>,
  log: Log,
): StreamService {
  const unknownClients = new Set<string>()

  return {
    async getStreams(type, imdbId, season, episode, userAgent, baseUrl, ask = {}) {
      const video = videoOf(type, imdbId, season, episode)
      if (!video) return []
      const device = detectDevice({ userAgent, secChUa: ask.secChUa })
      if (device.rule === 'unknown') noteUnknown(userAgent, ask.secChUa)
      const delivery = chooseDelivery(ask.mode ?? 'auto', device)
      const candidates = await search(video, ask.signal ?? new AbortController().signal)
      log.debug('streams listed', { id: imdbId, rule: device.rule, delivery, found: candidates.length })
      return candidates.flatMap((candidate) => presentStreams(candidate, delivery, { ...options, baseUrl }))
    },
  }

  function noteUnknown(userAgent: string, secChUa: string | undefined): void {
    const client = `${userAgent}\n${secChUa ?? ''}`
    if (unknownClients.has(client) || unknownClients.size >= MOST_UNKNOWN_CLIENTS) return
    unknownClients.add(client)
    log.info('unknown client', { userAgent, secChUa: secChUa ?? '' })
  }
}

function videoOf(type: string, id: string, season?: number, episode?: number): VideoId | undefined {
  if (type !== 'series') return { kind: 'movie', id }
  return season === undefined || episode === undefined ? undefined : { kind: 'episode', id, season, episode }
}
