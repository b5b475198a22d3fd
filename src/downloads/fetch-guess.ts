import { once } from 'node:events'
import { noRoomFor, refusal } from '../cleanup/fits.ts'
import type { Janitor } from '../cleanup/janitor.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { chooseFile } from '../domain/choice/choose-file.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import type { Log } from '../observe/log.ts'
import type { FetchAhead } from '../torrents/fetch-ahead.ts'
import type { Portion } from '../torrents/fetching/file-part.ts'
import type { Job, Target } from './guess.ts'
import { headAndTail } from './head-and-tail.ts'

/** A viewer's torrent took its place: that may change at any time. */
const BUSY_PAUSE_MS = 5_000
/** Room is made by others than us. */
const NO_ROOM_PAUSE_MS = 15_000

/** What fetching ahead needs of the others. */
export interface Surroundings {
  readonly torrents: Pick<FetchAhead, 'whenInfo' | 'fetch' | 'needOf' | 'placeFor'>
  readonly cache: Pick<Janitor, 'spaceFor'>
  isOnDisk(infoHash: InfoHash): boolean
  /** Whether the user put the film there. */
  isPlaced(infoHash: InfoHash, signal: AbortSignal): Promise<boolean>
  /** How long nobody has read it counts from here. */
  noteFetched(infoHash: InfoHash): void
  /** What is still to come of all others that are being fetched; bytes. */
  owedToOthers(than: Job): Promise<Map<InfoHash, number>>
  readonly log: Log
}

/** Resolves with whether the rest of a job's file is wanted, beside head and tail. */
export type RestIsDue = (job: Job, signal: AbortSignal) => Promise<boolean>

/**
 * Fetches head and tail of a file, and all of it when that is due; tries again where others were in the way. Ends with
 * the job being `done` or `failed`, or when it is stopped.
 */
export async function fetchTarget(
  job: Job,
  surroundings: Surroundings,
  whenRestIsDue: RestIsDue,
  stopped: AbortSignal,
): Promise<void> {
  const { infoHash } = job.target
  const { isOnDisk, log } = surroundings
  while (!stopped.aborted) {
    try {
      await fetchOnce(job, surroundings, whenRestIsDue, stopped)
      return job.set('done')
    } catch (error) {
      if (stopped.aborted) return
      const pauseMs = pauseAfter(error, job.hasFile && !isOnDisk(infoHash))
      if (pauseMs === undefined) {
        job.set('failed', messageOf(error))
        return log.info('not fetched ahead', { infoHash, why: job.why, reason: messageOf(error) })
      }
      job.set('waiting', messageOf(error))
      using pause = new Deadline(pauseMs)
      await once(AbortSignal.any([stopped, pause.signal]), 'abort')
    }
  }
}

async function fetchOnce(
  job: Job,
  surroundings: Surroundings,
  whenRestIsDue: RestIsDue,
  stopped: AbortSignal,
): Promise<void> {
  const { infoHash, trackers } = job.target
  if (await surroundings.isPlaced(infoHash, stopped)) return
  job.set('looking')
  const info = await surroundings.torrents.whenInfo({ infoHash, trackers, isGuess: true }, stopped)
  const { fileIdx, name, size } = fileOf(info, job.target)
  job.noteFile(fileIdx, name)
  if (job.why !== 'all')
    await get(job, { files: [], parts: headAndTail(fileIdx, size) }, 'head and tail', surroundings, stopped)
  if (await whenRestIsDue(job, stopped)) await get(job, { files: [fileIdx] }, 'all', surroundings, stopped)
}

/** @throws SelfStremeError `cache.no_room`: nothing that somebody had a reason to fetch goes for a guess */
async function get(
  job: Job,
  portion: Portion,
  what: string,
  { torrents, cache, owedToOthers, noteFetched, log }: Surroundings,
  stopped: AbortSignal,
): Promise<void> {
  const { infoHash, trackers } = job.target
  const request = { infoHash, trackers, isGuess: true }
  // It may have been removed while the rest of it was not due.
  await torrents.whenInfo(request, stopped)
  const need = await torrents.needOf(infoHash, portion)
  if (!need) throw new SelfStremeError('media.no_peers', `the metadata of ${infoHash} is gone`)
  job.noteWanted(portion, need)
  const { name, why } = job.describe()
  if (need.missingBytes > 0) {
    const space = await cache.spaceFor(
      infoHash,
      await torrents.placeFor({ infoHash }),
      await owedToOthers(job),
    )
    const withoutEvictions = { ...space, evictableBytes: 0, disk: { ...space.disk, evictableBytes: 0 } }
    const noRoom = noRoomFor(need, withoutEvictions)
    if (noRoom) throw refusal(noRoom)
    if (job.isNews(what)) log.info(`Fetching ahead: ${name}`, { infoHash, why, what, ...need })
  }
  job.set('fetching')
  await torrents.fetch({ ...request, ...portion }, stopped)
  job.noteWanted(portion, { ...need, missingBytes: 0 })
  if (need.missingBytes === 0) return
  noteFetched(infoHash)
  log.info(`Fetched ahead: ${name}`, { infoHash, why, what, bytes: need.bytes })
}

/** @throws SelfStremeError `media.not_found` */
function fileOf(info: TorrentInfo, { choice }: Target) {
  const decision = chooseFile(info, choice)
  if (decision.kind === 'refused') throw new SelfStremeError('media.not_found', decision.reason)
  const { name = '', length: size = 0 } = info.files[decision.index] ?? {}
  return { fileIdx: decision.index, name, size }
}

/** @returns `undefined` where it makes no sense to try again */
function pauseAfter(error: unknown, wasRemoved: boolean): number | undefined {
  const code = error instanceof SelfStremeError ? error.code : undefined
  if (code === 'cache.no_room') return NO_ROOM_PAUSE_MS
  // What was removed to make room would only be in the way again.
  return code === 'torrent.busy' && !wasRemoved ? BUSY_PAUSE_MS : undefined
}
