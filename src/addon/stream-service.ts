import type { Found } from '../domain/list/candidate.ts'
import { chooseDelivery, type Delivery, detectDevice } from '../domain/list/device.ts'
import { diskState, type Listed } from '../domain/list/listing.ts'
import type { VideoId } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
import type { SourceReport } from '../sources/source.ts'
import type { MakeList } from './make-list.ts'
import { presentPassThrough } from './present-pass-through.ts'
import { type PresentOptions, presentStreams, type StremioStream } from './present-stream.ts'
import type { RequestContext } from './request-context.ts'

/** Unknown clients are logged once each, up to this number. */
const MAX_UNKNOWN_CLIENTS = 1_000
/** If a source had no answer, the next list may be better. */
const HAS_ANSWERED = {
  answered: true,
  kept: true,
  stale: true,
  skipped: true,
  late: false,
  failed: false,
  paused: false,
  busy: false,
} as const satisfies Record<SourceReport['outcome'], boolean>

export interface StreamList {
  readonly streams: readonly StremioStream[]
  /**
   * whether it will stay the same for a while: every source answered, and no entry is partly on disk or without peers
   */
  readonly isSettled: boolean
}

/** A list as a device received it. */
export interface AnsweredList {
  readonly video: VideoId
  /** in the order that the device shows */
  readonly found: readonly Found[]
  readonly delivery: Delivery
  /** any unique key of the client */
  readonly client: string
}

/** Called for every list that a viewer's device gets. */
export type OnAnswered = (list: AnsweredList) => void

export interface StreamService {
  /** The list of streams, in the form that the client can play. */
  getList(video: VideoId, context: RequestContext): Promise<StreamList>
}

export function createStreamService(
  options: Pick<PresentOptions, 'trackers'>,
  makeList: MakeList,
  onAnswered: OnAnswered,
  log: Log,
): StreamService {
  const unknownClients = new Set<string>()

  async function getList(video: VideoId, context: RequestContext): Promise<StreamList> {
    const { userAgent, secChUa, list, baseUrl, isRelayed, client, signal } = context
    const device = detectDevice({ userAgent, secChUa })
    if (device.rule === 'unknown') noteUnknown(userAgent, secChUa)
    const delivery = chooseDelivery(list.mode, device)
    const { kept, dropped, sources } = await makeList(
      { video, options: list, delivery, isRelayed, client },
      signal,
    )
    const found = { kept: kept.length, dropped: dropped.length }
    log.debug('streams listed', { id: video.id, rule: device.rule, delivery, ...found })
    const answered = kept.map(({ found: each }) => each)
    // A relaying self-streme decides itself what to fetch next.
    if (!isRelayed) onAnswered({ video, found: answered, delivery, client: userAgent })
    return {
      streams: kept.flatMap((listed) => presented(listed, delivery, { ...options, baseUrl })),
      isSettled: sources.every(({ outcome }) => HAS_ANSWERED[outcome]) && kept.every(isSettled),
    }
  }

  function noteUnknown(userAgent: string, secChUa: string | undefined): void {
    const client = `${userAgent}\n${secChUa ?? ''}`
    if (unknownClients.has(client) || unknownClients.size >= MAX_UNKNOWN_CLIENTS) return
    unknownClients.add(client)
    log.info('unknown client', { userAgent, secChUa: secChUa ?? '' })
  }

  return { getList }
}

/** Whether an entry shows nothing that may change soon. */
function isSettled({ disk, withoutPeersMs }: Listed): boolean {
  return diskState(disk) !== 'part' && withoutPeersMs === undefined
}

function presented(listed: Listed, delivery: Delivery, options: PresentOptions): StremioStream[] {
  const { found } = listed
  return found.kind === 'torrent'
    ? presentStreams({ ...listed, found }, delivery, options)
    : [presentPassThrough(found)]
}
