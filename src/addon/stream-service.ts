import type { Found } from '../domain/list/candidate.ts'
import { chooseDelivery, type Delivery, detectDevice } from '../domain/list/device.ts'
import { diskState, type Listed } from '../domain/list/listing.ts'
import type { VideoId } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
import type { SourceReport } from '../sources/source-report.ts'
import type { MakeList } from './make-list.ts'
import { presentPassThrough } from './present-pass-through.ts'
import { type PresentOptions, presentStreams, type StremioStream } from './present-stream.ts'
import type { RequestContext } from './request-context.ts'

/** Clients we do not know are worth a line in the log, once each, but not without end. */
const MOST_UNKNOWN_CLIENTS = 1_000
/** Where a source had no answer, the list may be better at the next request. */
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
  /** The list a viewer chooses from, as the device that asks can play it. */
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
    // Whoever relays thinks of what comes next by itself.
    if (!isRelayed) onAnswered({ video, found: answered, delivery, client: userAgent })
    return {
      streams: kept.flatMap((listed) => presented(listed, delivery, { ...options, baseUrl })),
      isSettled: sources.every(({ outcome }) => HAS_ANSWERED[outcome]) && kept.every(isSettled),
    }
  }

  function noteUnknown(userAgent: string, secChUa: string | undefined): void {
    const client = `${userAgent}\n${secChUa ?? ''}`
    if (unknownClients.has(client) || unknownClients.size >= MOST_UNKNOWN_CLIENTS) return
    unknownClients.add(client)
    log.info('unknown client', { userAgent, secChUa: secChUa ?? '' })
  }

  return { getList }
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
