import type { AnsweredList } from '../addon/stream-service.ts'
import type { Janitor } from '../cleanup/janitor.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { MAIN_FILE } from '../domain/choice/file-choice.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { type Candidate, choiceOf, type Found } from '../domain/list/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'
import { Waiters } from '../lib/waiters.ts'
import type { Log } from '../observe/log.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { Reading } from '../streaming/media.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { FetchAhead } from '../torrents/fetch-ahead.ts'
import { fetchTarget, type RestIsDue } from './fetch-guess.ts'
import type { Job, Predownload, Target, Why } from './guess.ts'
import { JobSlots } from './guess-slots.ts'
import { groupOf, ListedVideos, torrentsOf } from './listed-videos.ts'
import { nextUp } from './next-file.ts'
import type { Wishes } from './queue.ts'
import { Viewings } from './viewings.ts'

export interface PredownloadOptions {
  /** what is fetched ahead; nothing where it is empty */
  readonly kinds: readonly Why[]
}

interface Search {
  find(
    video: VideoId,
    signal: AbortSignal,
    asker: { readonly client: string },
  ): Promise<{ readonly candidates: readonly Found[] }>
}

/** What is fetched before anybody asks for it, because somebody is likely to. Gives way to everybody who did ask. */
export interface Predownloads extends AsyncDisposable {
  /** A device was answered a list. */
  noteList(list: AnsweredList): void
  /** A viewer was sent some bytes; absent where nothing follows from it. */
  readonly follow?: ((reading: Reading) => void) | undefined
  list(): Promise<Predownload[]>
  /**
   * Stops what is fetched ahead of a torrent, or all of it; it does not begin again by itself. What is there stays.
   *
   * @throws SelfStremeError `cache.unknown` if there is nothing of that torrent
   */
  stop(infoHash?: InfoHash): Promise<{ readonly stopped: number }>
}

export function openPredownloads(
  { kinds }: PredownloadOptions,
  index: Pick<CacheIndex, 'find' | 'change' | 'onTorrent'>,
  placed: Pick<PlacedFiles, 'find'>,
  torrents: FetchAhead,
  wishes: Pick<Wishes, 'owed'>,
  cache: Pick<Janitor, 'spaceFor'>,
  search: Search,
  log: Log,
): Predownloads {
  const slots = new JobSlots()
  const listed = new ListedVideos()
  const viewings = new Viewings({ played, nearlyThrough })
  /** woken when there is something new on disk */
  const changes = new Waiters()
  const closing = new AbortController()
  const surroundings = {
    torrents,
    cache,
    log,
    isOnDisk: (infoHash: InfoHash) => index.find(infoHash) !== undefined,
    async isPlaced(infoHash: InfoHash, signal: AbortSignal) {
      await using file = await placed.find({ infoHash, choice: MAIN_FILE }, signal)
      return file !== undefined
    },
    owedToOthers,
    noteFetched: (infoHash: InfoHash) =>
      index.change(infoHash, (usage) => ({ ...usage, lastReadAt: Date.now() })),
  }
  index.onTorrent(() => changes.wakeAll())

  function begin(why: Why, whom: string, target: Target, whenRestIsDue: RestIsDue): void {
    if (closing.signal.aborted) return
    slots.forget(surroundings.isOnDisk)
    slots.begin(
      why,
      whom,
      target,
      (job, stopped) => fetchTarget(job, surroundings, whenRestIsDue, stopped),
      Date.now(),
    )
  }

  function noteList({ video, found, delivery, client }: AnsweredList): void {
    // Who fetches the torrent by itself has no use for it being here.
    if (delivery === 'magnet') return
    if (kinds.includes('next')) listed.note(video, found)
    const [first] = torrentsOf(found)
    if (first && kinds.includes('first')) begin('first', client, targetOf(first), async () => false)
  }

  function played({ infoHash, fileIdx }: Reading): void {
    if (!kinds.includes('all') || isWhole(infoHash, fileIdx)) return
    begin('all', `${infoHash}/${fileIdx}`, fileOf(infoHash, fileIdx), async () => true)
  }

  function nearlyThrough(reading: Reading): void {
    if (!kinds.includes('next')) return
    const { infoHash, fileIdx, client } = reading
    findNext(reading)
      .then((target) => {
        if (target) begin('next', client, target, (job, signal) => whenWhole(infoHash, fileIdx, job, signal))
      })
      .catch((error: unknown) =>
        log.debug('next episode not found', { infoHash, fileIdx, reason: messageOf(error) }),
      )
  }

  async function findNext({ infoHash, fileIdx }: Reading): Promise<Target | undefined> {
    const info = await torrents.infoOf(infoHash)
    if (!info) return undefined
    const next = nextUp(info, fileIdx, listed.find(infoHash))
    if (next.kind === 'file') return fileOf(infoHash, next.fileIdx)
    if (next.kind === 'none') {
      log.debug('nothing to fetch after this', { infoHash, fileIdx, reason: next.why })
      return undefined
    }
    for (const video of next.videos) {
      const found = torrentsOf(
        (await search.find(video, closing.signal, { client: 'fetched ahead' })).candidates,
      )
      const same = found.find((candidate) => groupOf(candidate) === next.group)
      if (same) listed.note(video, [same])
      // A season is over when nobody has its next episode.
      if (found.length > 0) return same && targetOf(same)
    }
    return undefined
  }

  /** Once nothing more is needed for what is being watched, the next one may have all the bandwidth. */
  async function whenWhole(
    infoHash: InfoHash,
    fileIdx: number,
    job: Job,
    signal: AbortSignal,
  ): Promise<boolean> {
    while (index.find(infoHash)) {
      if (isWhole(infoHash, fileIdx)) return true
      job.set('waiting', 'head and tail are there; the rest comes when what is being watched is whole')
      await changes.wait(signal)
    }
    return false
  }

  function isWhole(infoHash: InfoHash, fileIdx: number): boolean {
    return index.find(infoHash)?.files[fileIdx]?.wholeMtimeMs !== undefined
  }

  async function owedToOthers(than: Job): Promise<Map<InfoHash, number>> {
    const owed = await wishes.owed()
    for (const job of slots.all()) {
      const { infoHash } = job.target
      if (job !== than) owed.set(infoHash, (owed.get(infoHash) ?? 0) + job.owedBytes)
    }
    return owed
  }

  async function measured(job: Job): Promise<Predownload> {
    const { portion, target } = job
    const need = portion && (await torrents.needOf(target.infoHash, portion))
    if (need && portion === job.portion) job.noteWanted(portion, need)
    return job.describe()
  }

  const isFollowing = kinds.includes('next') || kinds.includes('all')
  return {
    noteList,
    follow: isFollowing ? (reading) => viewings.note(reading, Date.now()) : undefined,
    list() {
      slots.forget(surroundings.isOnDisk)
      return Promise.all(slots.all().map(measured))
    },
    async stop(infoHash) {
      const stopped = await slots.refuse(infoHash)
      if (infoHash !== undefined && stopped === 0)
        throw new SelfStremeError('cache.unknown', `nothing of ${infoHash} is fetched ahead`)
      return { stopped }
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await slots.close()
    },
  }
}

function fileOf(infoHash: InfoHash, fileIdx: number): Target {
  return { infoHash, trackers: [], choice: { kind: 'file', fileIdx } }
}

function targetOf(candidate: Candidate): Target {
  const { infoHash, trackers } = candidate
  return { infoHash, trackers, choice: choiceOf(candidate) }
}
