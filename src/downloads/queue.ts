import { assertFits, type Need } from '../cleanup/fits.ts'
import type { Janitor } from '../cleanup/janitor.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { Leases } from '../lib/leases.ts'
import type { Log } from '../observe/log.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { FetchAhead } from '../torrents/fetch-ahead.ts'
import { Download, type Proposal } from './download.ts'
import { bytesThere } from './selected-files.ts'

const LOOK_MS = 5_000

export interface QueueOptions {
  /** `wanted` downloads that run at the same time */
  readonly atOnce: number
  /** one that received nothing for so long gives way to others that wait */
  readonly stallMs: number
}

export interface QueueParts {
  readonly index: Pick<CacheIndex, 'find'>
  readonly torrents: Pick<FetchAhead, 'whenInfo' | 'fetch' | 'placeFor'>
  readonly cache: Pick<Janitor, 'spaceFor'>
  readonly log: Log
}

/** Says what is to be downloaded. What it no longer proposes is stopped and forgotten. */
export interface Proposer {
  proposals(): Iterable<Proposal>
}

/**
 * Downloads what is proposed, without a viewer. `wanted` downloads run a few at a time, in the order in which they were
 * added. `guessed` ones all run, on the bandwidth, slots and space that nothing else needs: their proposer limits them.
 */
export class DownloadQueue implements AsyncDisposable {
  readonly #options: QueueOptions
  readonly #parts: QueueParts
  readonly #proposers: Proposer[] = []
  /** by the id of the proposal */
  readonly #downloads = new Map<string, Download>()
  readonly #paused = new Leases()
  #timer: NodeJS.Timeout | undefined
  #isClosing = false

  constructor(options: QueueOptions, parts: QueueParts) {
    this.#options = options
    this.#parts = parts
  }

  addProposer<T extends Proposer>(proposer: T): T {
    this.#proposers.push(proposer)
    return proposer
  }

  find(id: string): Pick<Download, 'progress' | 'name' | 'portion' | 'need'> | undefined {
    return this.#downloads.get(id)
  }

  /** Takes up what is proposed now, and begins what may begin. Every few seconds it does so by itself. */
  look(): void {
    if (this.#isClosing) return
    const now = Date.now()
    const all = this.#reconcile()
    const due = all.filter(
      ({ isRunning, retryAt, proposal }) =>
        !isRunning && retryAt <= now && !this.#paused.areTaken(proposal.id),
    )
    const waiting = due.filter(({ isGuess }) => !isGuess).toSorted(byTurn)
    const running = all.filter(({ isGuess, isRunning }) => !isGuess && isRunning)
    const stalled = running.filter((each) => this.#hasStalled(each, now))
    if (waiting.length > 0)
      for (const each of stalled)
        each.giveWay('no data for a long time; gave way to other downloads', now + this.#options.stallMs)
    const free = Math.max(0, this.#options.atOnce - running.length)
    for (const each of [...waiting.slice(0, free), ...due.filter(({ isGuess }) => isGuess)])
      this.#begin(each, now)
    const pauses = all.filter(({ isRunning }) => !isRunning).map(({ retryAt }) => retryAt - now)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.look(), Math.min(LOOK_MS, ...pauses.filter((ms) => ms > 0)))
  }

  /** There may be more room than before: what did not fit is tried again. */
  noteRoom(): void {
    for (const download of this.#downloads.values()) download.noteRoom()
    this.look()
  }

  /** Stops a download until this is disposed of, and forgets how its attempts went. */
  async pause(id: string): Promise<Disposable> {
    const lease = this.#paused.take(id)
    const download = this.#downloads.get(id)
    download?.stop()
    await download?.ended
    this.#downloads.delete(id)
    return {
      [Symbol.dispose]: () => {
        lease[Symbol.dispose]()
        this.look()
      },
    }
  }

  /** Stops what is no longer proposed. Resolves when all of it has ended. */
  async drop(): Promise<void> {
    const proposed = new Set(this.#reconcile())
    const dropped = [...this.#downloads.values()].filter((each) => !proposed.has(each))
    await Promise.all(dropped.map(({ ended }) => ended))
  }

  /**
   * Looks whether something can be fetched and kept in addition to everything that is pinned or wanted.
   *
   * @param directory - where it is, or would be
   * @throws SelfStremeError `cache.no_room`
   */
  async assertFits(infoHash: InfoHash, directory: string, need: Need): Promise<void> {
    assertFits(need, await this.#parts.cache.spaceFor(infoHash, directory, await this.#owedBeside()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    clearTimeout(this.#timer)
    const all = [...this.#downloads.values()]
    for (const download of all) download.stop()
    await Promise.all(all.map(({ ended }) => ended))
  }

  /** @returns what is proposed now */
  #reconcile(): Download[] {
    const proposals = this.#proposers.flatMap((each) => [...each.proposals()])
    const ids = new Set(proposals.map(({ id }) => id))
    for (const [id, download] of this.#downloads) {
      if (ids.has(id)) continue
      // Not forgotten before it has ended: the same may be proposed again.
      if (download.isRunning) download.stop()
      else this.#downloads.delete(id)
    }
    return proposals.map((proposal) => {
      const download = this.#downloads.get(proposal.id) ?? new Download(proposal)
      this.#downloads.set(proposal.id, download)
      return download
    })
  }

  #hasStalled(download: Download, now: number): boolean {
    const contents = this.#parts.index.find(download.proposal.infoHash)
    const bytes = contents ? bytesThere(contents, download.portion?.files ?? []) : 0
    return download.stalledMs(bytes, now) >= this.#options.stallMs
  }

  #begin(download: Download, now: number): void {
    if (download.isRunning) return
    const signal = download.begin(now)
    download.ended = this.#attempt(download, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#noteFailure(download, error)
      })
      .finally(() => {
        download.end()
        this.look()
      })
  }

  #noteFailure(download: Download, error: unknown): void {
    const { infoHash, about } = download.proposal
    const isRemoved = download.portion !== undefined && this.#parts.index.find(infoHash) === undefined
    const isNews = download.fail(error, Date.now(), isRemoved)
    const isOver = download.progress.state === 'failed'
    const level = download.isGuess ? isOver && 'info' : isNews && 'warn'
    const message = isOver ? 'download failed' : 'download postponed'
    this.#parts.log[level || 'debug'](message, { infoHash, ...about, reason: messageOf(error) })
  }

  async #attempt(download: Download, signal: AbortSignal): Promise<void> {
    const { proposal } = download
    if (!(await proposal.isThere?.(signal))) await this.#fetch(download, signal)
    download.finish()
    this.noteRoom()
  }

  async #fetch(download: Download, signal: AbortSignal): Promise<void> {
    const { proposal, isGuess } = download
    const { infoHash, trackers, about } = proposal
    const { torrents, log } = this.#parts
    const request = { infoHash, trackers, isGuess }
    const { name, portion } = proposal.choose(await torrents.whenInfo(request, signal))
    const need = await proposal.needOf(portion)
    if (!need) throw new SelfStremeError('media.no_peers', `the metadata of ${infoHash} is gone`)
    Object.assign(download, { name, portion, need })
    const isMissing = need.missingBytes > 0 || !isGuess
    if (isMissing) await this.#assertFitsFor(download, need)
    if (isMissing && !download.isAnnounced)
      log.info(`download started: ${name}`, { infoHash, ...about, ...need })
    download.isAnnounced ||= isMissing
    download.fetch()
    await torrents.fetch({ ...request, ...portion }, signal)
    download.need = { ...need, missingBytes: 0 }
    if (!isMissing) return
    await proposal.noteFetched()
    log.info(`download complete: ${name}`, { infoHash, ...about, bytes: need.bytes })
  }

  /** Nothing is evicted for a guess. @throws SelfStremeError `cache.no_room` */
  async #assertFitsFor(download: Download, need: Need): Promise<void> {
    const { infoHash } = download.proposal
    const directory = await this.#parts.torrents.placeFor({ infoHash })
    const space = await this.#parts.cache.spaceFor(infoHash, directory, await this.#owedBeside(download))
    assertFits(need, space, { mayEvict: !download.isGuess })
  }

  /** What is still to come of all downloads whose space one does not get; without `one`, a new wanted one. Bytes. */
  async #owedBeside(one?: Download): Promise<Map<InfoHash, number>> {
    const owed = new Map<InfoHash, number>()
    for (const other of this.#reconcile()) {
      if (other === one || !comesBefore(other, one)) continue
      const { infoHash } = other.proposal
      const { missingBytes = 0 } = (await other.proposal.needOf(other.portion)) ?? {}
      owed.set(infoHash, (owed.get(infoHash) ?? 0) + missingBytes)
    }
    return owed
  }
}

/** Those that failed least often first, then those that were added first. */
function byTurn(a: Download, b: Download): number {
  return a.failures - b.failures || a.proposal.addedAt - b.proposal.addedAt
}

/** Guesses take space from other guesses only. */
function comesBefore(other: Download, one: Download | undefined): boolean {
  const { state } = other.progress
  if (other.isGuess) return one?.isGuess === true && state === 'fetching'
  if (state === 'refused' || state === 'failed') return false
  return one === undefined || one.isGuess || other.isRunning || other.proposal.addedAt < one.proposal.addedAt
}
