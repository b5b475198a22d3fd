import { setTimeout as sleep } from 'node:timers/promises'
import type { Refusal } from '../../disk/disk-errors.ts'
import { messageOf, SelfStremeError } from '../../domain/errors.ts'
import type { Engine, OpenTorrent, PieceWindow, SwarmStats } from '../../engine/engine.ts'
import type { FileId } from '../../files/file-id.ts'
import { MAX_TIMER_MS } from '../../lib/deadline.ts'
import { Waiters } from '../../lib/waiters.ts'
import type { Log } from '../../observe/log.ts'

const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 60_000
const NO_PEERS: SwarmStats = { peers: 0, seeders: 0, downloadSpeed: 0 }

export interface SwarmSessionOptions {
  /** how long one try looks for peers */
  readonly timeoutMs: number
  /** further tries after the first */
  readonly maxRetries: number
}

export interface SwarmRequest extends Omit<OpenTorrent, 'on' | 'trackers' | 'ofTorrent'> {
  /** asked for anew at every try */
  readonly trackers: () => readonly string[]
  readonly ofTorrent: () => readonly string[]
  /** there is something to share, so that it stays although nothing is wanted and nobody is there */
  readonly isShared: () => boolean
}

export interface SwarmSessionEvents {
  /** Rejects with a SelfStremeError if nothing can be made of it; then the session is over. */
  metainfo(bytes: Uint8Array): Promise<void>
  verified(pieces: readonly number[]): void
  missing(pieces: readonly number[]): void
  opened(file: number, id: FileId): void
  replacing(file: number, copy: FileId): void
  /** The disk takes nothing more; what was fetched waits, until {@link diskReady}. */
  diskFull(refusal: Refusal): void
  diskReady(): void
  stats(stats: SwarmStats): void
  /** There is one more peer than before. */
  peerCame(): void
  /** The session is over, and did not get what it was for. */
  failed(error: SelfStremeError): void
}

interface Run {
  readonly stop: AbortController
  readonly ended: Promise<void>
}

/**
 * One torrent's stay in the swarm: it looks for peers, and where there are none tries again a few times, each time
 * after a longer pause. With peers it stays until it is stopped.
 */
export class SwarmSession {
  readonly #engine: Engine
  readonly #options: SwarmSessionOptions
  readonly #request: SwarmRequest
  readonly #events: SwarmSessionEvents
  readonly #log: Log
  readonly #peerFound = new Waiters()
  #metainfo: Uint8Array | undefined
  #stats = NO_PEERS
  #hasMetPeer = false
  #windows: readonly PieceWindow[] = []
  #running: Run | undefined
  #wakeUp = new AbortController()

  constructor(
    engine: Engine,
    options: SwarmSessionOptions,
    request: SwarmRequest,
    events: SwarmSessionEvents,
    log: Log,
  ) {
    this.#engine = engine
    this.#options = options
    this.#metainfo = request.metainfo
    this.#request = request
    this.#events = events
    this.#log = log
  }

  get isRunning(): boolean {
    return this.#running !== undefined && !this.#running.stop.signal.aborted
  }

  /** As soon as it is known. */
  get metainfo(): Uint8Array | undefined {
    return this.#metainfo
  }

  /** What it is like there now; nobody and nothing while it is not running. */
  get stats(): SwarmStats {
    return this.#stats
  }

  /** Running, and no peer was met in this try. */
  get isLookingForPeers(): boolean {
    return this.isRunning && !this.#hasMetPeer
  }

  /**
   * Joins the swarm; if it is in the pause between two tries, the next one begins now.
   *
   * @param triesMade - how many tries there were before, which count against the most there may be
   */
  start(triesMade = 0): void {
    this.#wakeUp.abort()
    if (this.isRunning) return
    const stop = new AbortController()
    const last = this.#running?.ended
    const run: Run = {
      stop,
      ended: (async () => {
        // The engine knows a torrent only once: the last stay has to be over.
        await last
        await this.#run(triesMade, stop.signal, () => this.#running === run)
      })(),
    }
    this.#running = run
  }

  /** Leaves the swarm; when this resolves, the engine has no file open any more. */
  async stop(): Promise<void> {
    this.#running?.stop.abort()
    this.#windows = []
    await this.#running?.ended
  }

  /** The metadata is known, and need not be asked for any more. */
  async learn(metainfo: Uint8Array): Promise<void> {
    if (this.#metainfo) return
    this.#metainfo = metainfo
    if (!this.isRunning) return
    await this.stop()
    this.start()
  }

  want(windows: readonly PieceWindow[]): void {
    if (isCovered(windows, this.#windows)) return
    this.#windows = windows
    this.#engine.want(this.#request.infoHash, windows)
  }

  unverify(piece: number): void {
    this.#engine.unverify(this.#request.infoHash, piece)
  }

  /** There may be room on the disk now for what waits to be written. */
  retryWrites(): void {
    this.#engine.retryWrites(this.#request.infoHash)
  }

  /** Resolves when at least one peer is connected. */
  async whenPeerFound(signal: AbortSignal): Promise<void> {
    if (this.#stats.peers === 0) await this.#peerFound.wait(signal)
  }

  #onPeer(): void {
    this.#hasMetPeer = true
    this.#peerFound.wakeAll()
  }

  async #run(triesMade: number, stopped: AbortSignal, isLatest: () => boolean): Promise<void> {
    const { infoHash } = this.#request
    const { maxRetries, timeoutMs } = this.#options
    let failure: SelfStremeError | undefined
    let tries = triesMade
    while (!stopped.aborted) {
      failure = await this.#tryOnce(stopped).catch(
        (cause: unknown) => new SelfStremeError('engine.down', `${infoHash}: ${messageOf(cause)}`, { cause }),
      )
      await this.#engine.close(infoHash)
      // What waited to be written is lost, and nobody waits for it any more.
      this.#events.diskReady()
      // Where there was a peer there may be one again: the count begins anew.
      tries = this.#hasMetPeer && this.#metainfo ? 1 : tries + 1
      this.#stats = NO_PEERS
      this.#hasMetPeer = false
      if (stopped.aborted || failure?.code !== 'media.no_peers' || tries > maxRetries) break
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), LONGEST_DELAY_MS, timeoutMs)
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
      this.#events.failed(failure)
    }
  }

  /**
   * One stay in the swarm. Resolves when it is over, and says why unless it was stopped. It is over as well when all
   * peers have left and nobody came for as long as a try takes, though something is still wanted: trackers and DHT
   * hear of us seldom, unless we come anew.
   */
  async #tryOnce(stopped: AbortSignal): Promise<SelfStremeError | undefined> {
    const over = Promise.withResolvers<SelfStremeError | undefined>()
    const { infoHash } = this.#request
    const { timeoutMs } = this.#options
    const onStopped = () => over.resolve(undefined)
    stopped.addEventListener('abort', onStopped)
    const watch = setTimeout(
      () => {
        const isNeeded = this.#windows.length > 0 || !(this.#hasMetPeer || this.#request.isShared())
        if (this.#metainfo && (this.#stats.peers > 0 || !isNeeded)) watch.refresh()
        else over.resolve(new SelfStremeError('media.no_peers', `no peer for ${infoHash} in ${timeoutMs} ms`))
      },
      Math.min(timeoutMs, MAX_TIMER_MS),
    )
    try {
      this.#engine.open({
        ...this.#request,
        trackers: this.#request.trackers(),
        ofTorrent: this.#request.ofTorrent(),
        metainfo: this.#metainfo,
        on: {
          ...this.#events,
          metainfo: (bytes) => {
            this.#events.metainfo(bytes).then(() => {
              this.#metainfo = bytes
            }, over.resolve)
          },
          stats: (stats) => {
            const hasCome = stats.peers > this.#stats.peers
            this.#stats = stats
            if (stats.peers > 0) {
              this.#onPeer()
              if (this.#metainfo) watch.refresh()
            }
            this.#events.stats(stats)
            if (hasCome) this.#events.peerCame()
          },
          failed: ({ code, reason }) => over.resolve(new SelfStremeError(code, `${infoHash}: ${reason}`)),
        },
      })
      this.#engine.want(infoHash, this.#windows)
      return await over.promise
    } finally {
      clearTimeout(watch)
      stopped.removeEventListener('abort', onStopped)
    }
  }
}

/** Whether `windows` ask for nothing that `told` does not ask for already, and leave nothing of it out but what has come. */
function isCovered(windows: readonly PieceWindow[], told: readonly PieceWindow[]): boolean {
  return (
    windows.length === told.length &&
    windows.every((window, index) => {
      const old = told[index]
      return old && window.priority === old.priority && window.to === old.to && window.from >= old.from
    })
  )
}
