import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, SelfStremeError } from '../../domain/errors.ts'
import type { Engine, PieceWindow, SwarmStats, TorrentEvents } from '../../engine/engine.ts'
import { pauseAfter } from '../../lib/back-off.ts'
import { MAX_TIMER_MS } from '../../lib/deadline.ts'
import { Waiters } from '../../lib/waiters.ts'
import type { Log } from '../../observe/log.ts'
import type { SwarmSubject } from './swarm-subject.ts'

const PAUSES = { first: 1_000, max: 60_000 }
const NO_PEERS: SwarmStats = { peers: 0, seeders: 0, downloadSpeed: 0 }

export interface SwarmSessionOptions {
  /** how long one attempt looks for peers */
  readonly peerSearchMs: number
  /** attempts after the first */
  readonly maxRetries: number
}

interface Run {
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/**
 * One torrent's stay in the swarm. Looks for peers; without any, tries again a few times, after longer and longer
 * pauses. With peers, stays until it is stopped.
 */
export class SwarmSession {
  readonly #engine: Engine
  readonly #options: SwarmSessionOptions
  readonly #torrent: SwarmSubject
  readonly #log: Log
  readonly #peerFound = new Waiters()
  #metainfo: Uint8Array | undefined
  #directory: string | undefined
  #stats = NO_PEERS
  #hasMetPeer = false
  #windows: readonly PieceWindow[] = []
  #running: Run | undefined
  #wakeUp = new AbortController()

  constructor(engine: Engine, options: SwarmSessionOptions, torrent: SwarmSubject, log: Log) {
    this.#engine = engine
    this.#options = options
    this.#torrent = torrent
    this.#log = log
  }

  get isRunning(): boolean {
    return this.#running !== undefined && !this.#running.stop.signal.aborted
  }

  /** The metadata that the engine is given, so that it need not ask peers. */
  get metainfo(): Uint8Array | undefined {
    return this.#metainfo
  }

  /** The folder that the engine was last given. */
  get directory(): string | undefined {
    return this.#directory
  }

  /** Zeros while it is not running. */
  get stats(): SwarmStats {
    return this.#stats
  }

  /** Running, and no peer was connected in this attempt. */
  get isLookingForPeers(): boolean {
    return this.isRunning && !this.#hasMetPeer
  }

  /** Joins the swarm; ends a pause between two attempts. */
  start(): void {
    this.#wakeUp.abort()
    if (this.isRunning) return
    const stop = new AbortController()
    const last = this.#running?.ended
    const run: Run = {
      stop,
      ended: (async () => {
        // The engine can have a torrent only once: the last stay must have ended.
        await last
        await this.#run(stop.signal, () => this.#running === run)
      })(),
    }
    this.#running = run
  }

  /** Leaves the swarm; when this resolves, the engine has closed the files. */
  async stop(): Promise<void> {
    this.#running?.stop.abort()
    this.#windows = []
    await this.#running?.ended
  }

  /** Gives the engine this metadata from the next attempt on. */
  learn(metainfo: Uint8Array): void {
    this.#metainfo ??= metainfo
  }

  want(windows: readonly PieceWindow[]): void {
    if (isCovered(windows, this.#windows)) return
    this.#windows = windows
    this.#engine.want(this.#torrent.infoHash, windows)
  }

  unverify(piece: number): void {
    this.#engine.unverify(this.#torrent.infoHash, piece)
  }

  /** The disk may have room now for pieces that wait to be written. */
  retryWrites(): void {
    this.#engine.retryWrites(this.#torrent.infoHash)
  }

  /** Resolves when at least one peer is connected. */
  async whenPeerFound(signal: AbortSignal): Promise<void> {
    if (this.#stats.peers === 0) await this.#peerFound.wait(signal)
  }

  async #run(stopped: AbortSignal, isLatest: () => boolean): Promise<void> {
    const { infoHash } = this.#torrent
    const { maxRetries, peerSearchMs } = this.#options
    let failure: SelfStremeError | undefined
    let tries = 0
    while (!stopped.aborted) {
      failure = await this.#tryOnce(stopped).catch(
        (cause: unknown) => new SelfStremeError('engine.down', `${infoHash}: ${messageOf(cause)}`, { cause }),
      )
      await this.#engine.close(infoHash)
      this.#torrent.ended()
      // Pieces that waited to be written are lost.
      this.#torrent.diskReady()
      // A peer that was there may come back: the count starts again.
      tries = this.#hasMetPeer && this.#metainfo ? 1 : tries + 1
      this.#stats = NO_PEERS
      this.#hasMetPeer = false
      if (stopped.aborted || failure?.code !== 'media.no_peers' || tries > maxRetries) break
      const delayMs = Math.min(pauseAfter(tries, PAUSES), peerSearchMs)
      this.#log.info(`Retrying torrent: ${infoHash}`, { try: tries + 1, of: maxRetries + 1, delayMs })
      this.#wakeUp = new AbortController()
      await sleep(delayMs, undefined, { signal: AbortSignal.any([stopped, this.#wakeUp.signal]) }).catch(
        () => undefined,
      )
    }
    if (isLatest()) {
      this.#running = undefined
      this.#windows = []
    }
    if (!stopped.aborted && failure) {
      this.#peerFound.failAll(failure)
      this.#torrent.failed(failure)
    }
  }

  /**
   * One attempt. Resolves when it has ended, with the error unless it was stopped. It also ends when pieces are wanted and
   * no peer was connected for `peerSearchMs`: trackers and DHT hear of us too seldom, unless we join again.
   */
  async #tryOnce(stopped: AbortSignal): Promise<SelfStremeError | undefined> {
    const over = Promise.withResolvers<SelfStremeError | undefined>()
    const { infoHash, directory } = this.#torrent
    const { peerSearchMs } = this.#options
    const onStopped = () => over.resolve(undefined)
    stopped.addEventListener('abort', onStopped)
    const watch = setTimeout(
      () => {
        const isNeeded = this.#windows.length > 0 || !(this.#hasMetPeer || this.#torrent.isShared())
        if (this.#metainfo && (this.#stats.peers > 0 || !isNeeded)) watch.refresh()
        else
          over.resolve(new SelfStremeError('media.no_peers', `no peer for ${infoHash} in ${peerSearchMs} ms`))
      },
      Math.min(peerSearchMs, MAX_TIMER_MS),
    )
    try {
      this.#directory = directory
      this.#engine.open({
        infoHash,
        directory,
        trackers: this.#torrent.trackers(),
        ofTorrent: this.#torrent.ofTorrent(),
        metainfo: this.#metainfo,
        claimed: () => this.#torrent.claimed(),
        goodPeers: () => this.#torrent.goodPeers(),
        on: this.#reports(over.resolve, watch),
      })
      this.#engine.want(infoHash, this.#windows)
      return await over.promise
    } finally {
      clearTimeout(watch)
      stopped.removeEventListener('abort', onStopped)
    }
  }

  /** What the engine reports in one attempt. @param watch - ends the attempt unless a peer is there */
  #reports(end: (error: SelfStremeError) => void, watch: NodeJS.Timeout): TorrentEvents {
    const torrent = this.#torrent
    return {
      metainfo: (bytes) => {
        torrent.metainfo(bytes).then(() => {
          this.#metainfo = bytes
        }, end)
      },
      opened: (file, id, changedAt) => torrent.opened(file, id, changedAt),
      wrote: (file, changedAt, isWriting) => torrent.wrote(file, changedAt, isWriting),
      changed: (file) => torrent.changed(file),
      ended: () => torrent.ended(),
      verified: (pieces) => torrent.verified(pieces),
      missing: (pieces) => torrent.missing(pieces),
      replacing: (file, copy) => torrent.replacing(file, copy),
      diskFull: (refusal) => torrent.diskFull(refusal),
      diskReady: () => torrent.diskReady(),
      stats: (stats) => {
        const hasCome = stats.peers > this.#stats.peers
        this.#stats = stats
        if (stats.peers > 0) {
          this.#hasMetPeer = true
          this.#peerFound.wakeAll()
          if (this.#metainfo) watch.refresh()
        }
        torrent.stats(stats)
        if (hasCome) torrent.peerCame()
      },
      goodPeers: (peers) => torrent.keepPeers(peers),
      failed: ({ code, reason }) => end(new SelfStremeError(code, `${torrent.infoHash}: ${reason}`)),
    }
  }
}

/** Whether `windows` are `told`, or less of them at the front: those pieces have come. */
function isCovered(windows: readonly PieceWindow[], told: readonly PieceWindow[]): boolean {
  return (
    windows.length === told.length &&
    windows.every((window, index) => {
      const old = told[index]
      return old && window.priority === old.priority && window.to === old.to && window.from >= old.from
    })
  )
}
