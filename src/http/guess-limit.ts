import { LRUCache } from 'lru-cache'

/** wrong passwords before a client is limited */
const PER_CLIENT = 10
/** time until one more is allowed */
const PER_CLIENT_MS = 60_000
/** for all clients together */
const IN_ALL = 100
const IN_ALL_MS = 6_000
/** Clients that are remembered; at most 2 MB. */
const MAX_CLIENTS = 10_000

/** A token bucket that refills over time. */
interface Allowance {
  readonly left: number
  readonly at: number
}

/**
 * Limits password attempts. A client has ten, and then one a minute. When all clients together have used up theirs,
 * each client has one: the owner can still get in from a new address, and many addresses help an attacker little.
 */
export class GuessLimit {
  readonly #now: () => number
  readonly #clients = new LRUCache<string, Allowance>({ max: MAX_CLIENTS })
  #all: Allowance

  /** @param now - epoch ms */
  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#all = { left: IN_ALL, at: now() }
  }

  /** @returns ms until this client may guess; 0 = now */
  waitMs(client: string): number {
    const kept = this.#clients.get(client)
    const mine = kept ? this.#filled(kept, PER_CLIENT, PER_CLIENT_MS) : PER_CLIENT
    const all = this.#filled(this.#all, IN_ALL, IN_ALL_MS)
    const needed = all >= 1 ? 1 : PER_CLIENT
    return mine >= needed ? 0 : Math.ceil((needed - mine) * PER_CLIENT_MS)
  }

  noteWrong(client: string): void {
    const kept = this.#clients.get(client)
    const mine = kept ? this.#filled(kept, PER_CLIENT, PER_CLIENT_MS) : PER_CLIENT
    const at = this.#now()
    this.#clients.set(client, { left: Math.max(0, mine - 1), at })
    this.#all = { left: Math.max(0, this.#filled(this.#all, IN_ALL, IN_ALL_MS) - 1), at }
  }

  #filled({ left, at }: Allowance, most: number, everyMs: number): number {
    return Math.min(most, left + Math.max(0, this.#now() - at) / everyMs)
  }
}
