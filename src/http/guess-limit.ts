import { LRUCache } from 'lru-cache'

/** wrong guesses in a row that cost nothing but the guess */
const PER_CLIENT = 10
/** one more is allowed after */
const PER_CLIENT_MS = 60_000
/** of all clients together */
const IN_ALL = 100
const IN_ALL_MS = 6_000
/** Clients that are remembered, 2 MB of them at most. */
const MAX_CLIENTS = 10_000

/** What is left of an allowance that fills up again by one every so often. */
interface Allowance {
  readonly left: number
  readonly at: number
}

/**
 * How often a password may be guessed. A client has ten guesses, and then one a minute. When all clients together have
 * used up theirs, a client has one: so the owner still gets in from another address, and many addresses help little.
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
