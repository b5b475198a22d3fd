import type { Found } from '../domain/list/candidate.ts'
import { chooseDelivery, type Delivery, detectDevice } from '../domain/list/device.ts'
import { DEFAULT_LIST_OPTIONS, type ListOptions } from '../domain/list/list-options.ts'
import { diskState, type Listed } from '../domain/list/listing.ts'
import { type VideoId, videoIdOf } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
import type { AskedSource, MakeList } from './make-list.ts'
import { presentPassThrough } from './present-pass-through.ts'
import { type PresentOptions, presentStreams, type StremioStream } from './present-stream.ts'

/** Clients we do not know are worth a line in the log, once each, but not without end. */
const MOST_UNKNOWN_CLIENTS = 1_000
/** What may be better at the next request, because a source had no answer for this one. */
const WITHOUT_ANSWER = new Set(['late', 'failed', 'paused', 'busy'])

export interface StreamServiceOptions {
  /** asked for every torrent, besides its own */
  readonly trackers: readonly string[]
}

export interface AskOptions {
  /** header of that name; the only thing that tells Stremio for Windows from a browser */
  readonly secChUa?: string | undefined
  /** what the install URL says */
  readonly list?: ListOptions
  /** another self-streme asks, for one of its viewers */
  readonly isRelayed?: boolean
  /** who asks; see `domain/client-key.ts` */
  readonly client?: string
  readonly signal?: AbortSignal
}

export interface StreamList {
  readonly streams: readonly StremioStream[]
  /** whether it will be the same for a while: every source had an answer, and nothing of it is there in part or without peers */
  readonly isSettled: boolean
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

/** Told of every list that a viewer's device gets. */
export type OnAnswered = (list: AnsweredList) => void

export interface StreamService {
  /**
   * The list a viewer chooses from, as the device that asks can play it.
   *
   * @param imdbId - id of the film or series, without season and episode; IMDb's, another catalogue's, or one of the
   * user's own
   * @param season - `undefined` for a film, and for series of catalogues that know no seasons (`kitsu:`)
   * @param baseUrl - how the device reaches us, without a slash at the end
   */
  getStreams(...question: Question): Promise<readonly StremioStream[]>
  /** The same, and whether it may be another one soon. */
  getList(...question: Question): Promise<StreamList>
}

type Question = [
  type: string,
  imdbId: string,
  season: number | undefined,
  episode: number | undefined,
  userAgent: string,
  baseUrl: string,
  options?: AskOptions,
]

export function createStreamService(
  options: StreamServiceOptions,
  makeList: MakeList,
  onAnswered: OnAnswered,
  log: Log,
): StreamService {
  const unknownClients = new Set<string>()

  async function getList(...question: Question): Promise<StreamList> {
    const [type, imdbId, season, episode, userAgent, baseUrl, ask = {}] = question
    const video = videoIdOf(type, imdbId, season, episode)
    if (!video) return { streams: [], isSettled: true }
    const { list = DEFAULT_LIST_OPTIONS, signal = new AbortController().signal, isRelayed = false } = ask
    const { client = '' } = ask
    const device = detectDevice({ userAgent, secChUa: ask.secChUa })
    if (device.rule === 'unknown') noteUnknown(userAgent, ask.secChUa)
    const delivery = chooseDelivery(list.mode, device)
    const { kept, dropped, sources } = await makeList(
      { video, options: list, delivery, isRelayed, client },
      signal,
    )
    const found = { kept: kept.length, dropped: dropped.length }
    log.debug('streams listed', { id: imdbId, rule: device.rule, delivery, ...found })
    const answered = kept.map(({ found: each }) => each)
    // Whoever relays thinks of what comes next by itself.
    if (!isRelayed) onAnswered({ video, found: answered, delivery, client: userAgent })
    return {
      streams: kept.flatMap((listed) => presented(listed, delivery, { ...options, baseUrl })),
      isSettled: sources.every(hasAnswered) && kept.every(isSettled),
    }
  }

  function noteUnknown(userAgent: string, secChUa: string | undefined): void {
    const client = `${userAgent}\n${secChUa ?? ''}`
    if (unknownClients.has(client) || unknownClients.size >= MOST_UNKNOWN_CLIENTS) return
    unknownClients.add(client)
    log.info('unknown client', { userAgent, secChUa: secChUa ?? '' })
  }

  return { getList, getStreams: async (...question) => (await getList(...question)).streams }
}

/** Whether a line says nothing that may be different in a moment. */
function isSettled({ disk, withoutPeersMs }: Listed): boolean {
  return diskState(disk) !== 'part' && withoutPeersMs === undefined
}

function presented(listed: Listed, delivery: Delivery, options: PresentOptions): StremioStream[] {
  const { found } = listed
  return found.kind === 'torrent'
    ? presentStreams({ ...listed, found }, delivery, options)
    : [presentPassThrough(found)]
}

function hasAnswered({ outcome }: AskedSource): boolean {
  return !WITHOUT_ANSWER.has(outcome)
}
