import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { chooseFile } from '../domain/choice/choose-file.ts'
import { type FileChoice, MAIN_FILE } from '../domain/choice/file-choice.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { Candidate } from '../domain/list/candidate.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { FetchAhead } from '../torrents/fetch-ahead.ts'
import type { Portion } from '../torrents/fetching/file-part.ts'
import type { Progress, Proposal } from './download.ts'
import { headAndTail } from './head-and-tail.ts'
import type { DownloadQueue, Proposer } from './queue.ts'
import { isComplete } from './selected-files.ts'

/** More at a time would take longer, and the last guesses are the likeliest. */
const MAX_OF_A_KIND = 3
const MAX_STOPPED = 1_000
const WAITS_FOR_REST = 'head and tail are complete; the rest follows when the current episode is complete'

/** The first entry of a list, the episode after the current one, or all of the current file. */
export type Why = 'first' | 'next' | 'all'

/** A file that a viewer may want. */
export interface Target {
  readonly infoHash: InfoHash
  /** in addition to the configured ones */
  readonly trackers: readonly string[]
  readonly choice: FileChoice
}

export interface Guess extends Target {
  readonly why: Why
  /** the viewer: each has one guess of a kind at a time */
  readonly whom: string
  /** The rest is fetched when this file is complete. Without it: head and tail, or with `all` everything at once. */
  readonly behind?: { readonly infoHash: InfoHash; readonly fileIdx: number }
}

/** A guess in the API. `looking` is for peers or the metadata, `waiting` for what `reason` says. */
export interface Predownload {
  readonly infoHash: InfoHash
  /** counted over all files of the torrent from 0; absent while the metadata is not known */
  readonly fileIdx?: number | undefined
  /** of the file; absent while the metadata is not known */
  readonly name?: string | undefined
  readonly why: Why
  readonly state: 'looking' | 'fetching' | 'waiting' | 'done' | 'failed'
  /** in words, where the state alone does not say it */
  readonly reason?: string | undefined
  /** counted in complete pieces; absent while the metadata is not known */
  readonly bytesWanted?: number | undefined
  readonly bytesThere?: number | undefined
  /** ISO 8601 */
  readonly beganAt: string
}

export interface GuessParts {
  readonly index: Pick<CacheIndex, 'find' | 'change' | 'onTorrent'>
  readonly placed: Pick<PlacedFiles, 'find'>
  readonly torrents: Pick<FetchAhead, 'needOf'>
  readonly queue: DownloadQueue
}

interface Entry {
  readonly guess: Guess
  readonly begun: Proposal[]
  /** begins when head and tail are complete, and what it is behind, too */
  rest?: Proposal | undefined
}

/**
 * Proposes the last few guesses of each kind. A viewer's next guess replaces the last one of the same kind.
 */
export class Guesses implements Proposer {
  readonly #parts: GuessParts
  /** by kind and viewer, the oldest first */
  readonly #entries = new Map<string, Entry>()
  /** what the owner has stopped is not proposed again */
  readonly #stopped = new LRUCache<string, true>({ max: MAX_STOPPED })
  #count = 0

  constructor(parts: GuessParts) {
    this.#parts = parts
    parts.index.onTorrent(() => {
      if ([...this.#entries.values()].some((entry) => this.#isWaiting(entry))) parts.queue.look()
    })
  }

  add(guess: Guess): void {
    const { why, whom, behind } = guess
    if (this.#stopped.get(keyOf(guess))) return
    const slot = `${why} ${whom}`
    const last = this.#entries.get(slot)
    if (last && isSame(last.guess, guess) && this.#progressOf(last).state !== 'failed') return
    // Without this the key would keep its old place in the map, and the order is that of age.
    this.#entries.delete(slot)
    const first = this.#proposalFor(guess, why === 'all' ? 'all' : 'head and tail')
    this.#entries.set(slot, { guess, begun: [first], rest: behind && this.#proposalFor(guess, 'all') })
    const ofKind = [...this.#entries.keys()].filter((each) => each.startsWith(`${why} `))
    for (const oldest of ofKind.slice(0, -MAX_OF_A_KIND)) this.#entries.delete(oldest)
    this.#parts.queue.look()
  }

  proposals(): Proposal[] {
    for (const [slot, entry] of this.#entries) {
      if (this.#isWaiting(entry)) this.#advance(entry)
      else if (this.#progressOf(entry).state === 'done' && !this.#parts.index.find(entry.guess.infoHash))
        this.#entries.delete(slot)
    }
    return [...this.#entries.values()].flatMap(({ begun }) => begun)
  }

  list(): Promise<Predownload[]> {
    this.#parts.queue.look()
    return Promise.all([...this.#entries.values()].map((entry) => this.#describe(entry)))
  }

  /**
   * Stops what is fetched of a torrent, or everything; it does not begin again by itself. What is on disk stays.
   *
   * @throws SelfStremeError `cache.unknown` if nothing of that torrent is fetched
   */
  async stop(infoHash?: InfoHash): Promise<{ readonly stopped: number }> {
    const isMeant = ({ guess }: Entry) => infoHash === undefined || guess.infoHash === infoHash
    const stopped = [...this.#entries].filter(([, entry]) => isMeant(entry))
    if (infoHash !== undefined && stopped.length === 0)
      throw new SelfStremeError('cache.unknown', `no predownload of ${infoHash}`)
    for (const [slot, { guess }] of stopped) {
      this.#stopped.set(keyOf(guess), true)
      this.#entries.delete(slot)
    }
    await this.#parts.queue.drop()
    return { stopped: stopped.length }
  }

  #proposalFor({ why, infoHash, trackers, choice }: Guess, what: 'head and tail' | 'all'): Proposal {
    const { index, placed, torrents } = this.#parts
    return {
      id: `guess ${this.#count++}`,
      infoHash,
      trackers,
      priority: 'guessed',
      addedAt: Date.now(),
      about: { why, what },
      async isThere(signal) {
        await using file = await placed.find({ infoHash, choice: MAIN_FILE }, signal)
        return file !== undefined
      },
      choose(info) {
        const chosen = chooseFile(info, choice)
        if (chosen.kind === 'refused') throw new SelfStremeError('media.not_found', chosen.reason)
        const fileIdx = chosen.index
        const { name = '', length = 0 } = info.files[fileIdx] ?? {}
        const portion: Portion =
          what === 'all' ? { files: [fileIdx] } : { files: [], parts: headAndTail(fileIdx, length) }
        return { name, portion }
      },
      needOf: async (chosen) => chosen && (await torrents.needOf(infoHash, chosen)),
      // Its idle time counts from here.
      noteFetched: () => index.change(infoHash, (usage) => ({ ...usage, lastReadAt: Date.now() })),
    }
  }

  #downloadsOf({ begun }: Entry): ReturnType<DownloadQueue['find']>[] {
    return begun.map(({ id }) => this.#parts.queue.find(id))
  }

  #progressOf(entry: Entry): Progress {
    return this.#downloadsOf(entry).at(-1)?.progress ?? { state: 'queued' }
  }

  /** Head and tail are there, and the rest has not begun. */
  #isWaiting(entry: Entry): boolean {
    return entry.rest !== undefined && this.#progressOf(entry).state === 'done'
  }

  #advance(entry: Entry): void {
    const { guess, rest } = entry
    const contents = guess.behind && this.#parts.index.find(guess.behind.infoHash)
    if (contents && guess.behind && !isComplete(contents, guess.behind.fileIdx)) return
    // If the current file was removed, the rest is not wanted any more.
    if (contents && rest) entry.begun.push(rest)
    entry.rest = undefined
  }

  async #describe(entry: Entry): Promise<Predownload> {
    const { guess, begun } = entry
    const { state, reason } = this.#isWaiting(entry)
      ? { state: 'waiting' as const, reason: WAITS_FOR_REST }
      : this.#progressOf(entry)
    const { name, portion, need } = this.#downloadsOf(entry).findLast((each) => each?.need) ?? {}
    const needNow = state === 'fetching' ? ((await begun.at(-1)?.needOf(portion)) ?? need) : need
    return {
      infoHash: guess.infoHash,
      fileIdx: portion?.files[0] ?? portion?.parts?.[0]?.fileIdx,
      name,
      why: guess.why,
      state: shownState(state, reason),
      reason,
      bytesWanted: needNow?.bytes,
      bytesThere: needNow && needNow.bytes - needNow.missingBytes,
      beganAt: new Date(begun[0]?.addedAt ?? 0).toISOString(),
    }
  }
}

/** A guess runs as soon as it may: one that is queued has just begun, or waits for its next attempt. */
function shownState(state: Progress['state'] | 'waiting', reason: string | undefined): Predownload['state'] {
  if (state === 'queued') return reason === undefined ? 'looking' : 'waiting'
  return state === 'refused' ? 'waiting' : state
}

function keyOf({ why, infoHash }: Guess): string {
  return `${why} ${infoHash}`
}

function isSame(a: Target, b: Target): boolean {
  return a.infoHash === b.infoHash && JSON.stringify(a.choice) === JSON.stringify(b.choice)
}

export function fileOf(infoHash: InfoHash, fileIdx: number): Target {
  return { infoHash, trackers: [], choice: { kind: 'file', fileIdx } }
}

export function targetOf({ infoHash, trackers, file }: Candidate): Target {
  return { infoHash, trackers, choice: file }
}
