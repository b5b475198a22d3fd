import type { Torrent } from 'webtorrent'
import { DialPlan } from './dial-plan.ts'
import { type DiallingOptions, type PeerDemand, TorrentDials } from './torrent-dials.ts'

/** Time limits are looked at so often while a dial is in progress. */
const TICK_MS = 50
/** And whether a torrent needs peers again, while none is. */
const IDLE_TICK_MS = 250

export interface DiallerOptions extends DiallingOptions {
  /** of all torrents together */
  readonly dialsPerSecond: number
}

/**
 * Connects to the peers of all torrents, in the place of webtorrent's `torrent._drain`. By default, webtorrent dials
 * addresses first come, first served, while a torrent has fewer than `maxConns` connections and dials; where most
 * addresses of a swarm are dead, these take all places for five seconds at a time (measured: first byte after 7 to 50 s
 * in every fifth start).
 */
export class Dialler implements Disposable {
  readonly #options: DiallerOptions
  readonly #plan: DialPlan
  readonly #torrents = new Set<TorrentDials>()
  #timer: NodeJS.Timeout | undefined
  #isScheduled = false

  constructor(options: DiallerOptions) {
    this.#options = options
    this.#plan = new DialPlan(options.dialsPerSecond, performance.now())
  }

  /** Dials for a torrent until it is closed. Call it before the first peer. */
  join(torrent: Torrent, demand: PeerDemand): TorrentDials {
    const dials = new TorrentDials(torrent, demand, this.#options, () => this.#soon())
    this.#torrents.add(dials)
    this.#plan.onOpened(performance.now())
    torrent.once('close', () => {
      this.#torrents.delete(dials)
      dials[Symbol.dispose]()
    })
    return dials
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#torrents.clear()
  }

  /** The addresses of one answer come one by one: they are dialled when all of them are there, in random order. */
  #soon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#work()
    })
  }

  #work(): void {
    const now = performance.now()
    for (const torrent of this.#torrents) torrent.tick(now)
    for (let next = this.#plan.next(this.#torrents, now); next; next = this.#plan.next(this.#torrents, now)) {
      next.dialNext(now)
    }
    clearTimeout(this.#timer)
    const isBusy = [...this.#torrents].some(({ dials, hasCandidate }) => dials > 0 || hasCandidate)
    this.#timer = setTimeout(() => this.#work(), isBusy ? TICK_MS : IDLE_TICK_MS).unref()
  }
}
