import type { LookupAddress } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { messageOf } from '../../domain/errors.ts'

/** A working resolver answers in a fraction of this. */
const TRY_MS = 1_000
const TRIES = 2
const WITHIN_MS = 3_000
/** Each lookup takes a datagram and a timer. */
const AT_ONCE = 16
/** Beyond this, lookups are refused: 25 torrents with 20 trackers each need no more. */
const MAX_WAITING = 500
/** After the answer for one address family, how long to wait for the other (RFC 8305 §3). */
const OTHER_FAMILY_MS = 50
/** A name that could not be looked up is not tried again for this long. */
const FAILURE_KEPT_MS = 2 * 60_000
/** A UDP tracker's name is looked up for each datagram. */
const SUCCESS_KEPT_MS = 60_000
const MAX_KEPT = 2_000

export interface StrangerNamesOptions {
  /** DNS servers, `address:port`; without it, those of the system */
  readonly servers?: readonly string[] | undefined
  /** ms for a name, with all attempts on all servers; default 3 000 */
  readonly withinMs?: number
  /** getaddrinfo, for systems without a DNS server; it may take any time */
  readonly systemLookup: (name: string) => Promise<readonly LookupAddress[]>
}

/**
 * Looks up names that strangers chose. getaddrinfo would occupy one of libuv's few threads for each, for as long as the
 * slowest DNS server takes (10 s with glibc's defaults), and all other lookups would wait. So this class sends DNS queries
 * itself, with limits on time and number. It does not use `/etc/hosts` and search domains, which are not for strangers.
 */
export class StrangerNames {
  readonly #options: StrangerNamesOptions
  readonly #kept = new LRUCache<string, readonly LookupAddress[] | Error>({ max: MAX_KEPT })
  readonly #asking = new Map<string, Promise<readonly LookupAddress[]>>()
  readonly #fewAtATime = pLimit(AT_ONCE)
  /** calls of getaddrinfo, one at a time: the other threads are for the names in the settings */
  readonly #oneAtATime = pLimit(1)

  constructor(options: StrangerNamesOptions) {
    this.#options = options
  }

  /** @throws Error with a `code`, as `dns.lookup` does; a new one each time, as callers write into its message */
  async lookup(name: string): Promise<readonly LookupAddress[]> {
    try {
      return await this.#find(name)
    } catch (error) {
      throw failure(codeOf(error) ?? 'ETIMEOUT', messageOf(error))
    }
  }

  async #find(name: string): Promise<readonly LookupAddress[]> {
    const kept = this.#kept.get(name)
    if (kept instanceof Error) throw kept
    if (kept) return kept
    const known = this.#asking.get(name)
    if (known !== undefined) return known
    const asked = this.#inTurn(() => this.#ask(name))
    this.#asking.set(name, asked)
    try {
      return await asked
    } finally {
      this.#asking.delete(name)
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#fewAtATime.pendingCount >= MAX_WAITING) throw failure('EAGAIN', 'too many lookups')
    return this.#fewAtATime(work)
  }

  async #ask(name: string): Promise<readonly LookupAddress[]> {
    try {
      const answer = await askDns(name, this.#options)
      this.#kept.set(name, answer, { ttl: SUCCESS_KEPT_MS })
      return answer
    } catch (error) {
      if (codeOf(error) === 'ECONNREFUSED') return this.#askSystem(name)
      this.#kept.set(name, error as Error, { ttl: FAILURE_KEPT_MS })
      throw error
    }
  }

  /** There is no DNS server, as on systems where the C library asks a daemon instead. */
  #askSystem(name: string): Promise<readonly LookupAddress[]> {
    return this.#oneAtATime(() => this.#options.systemLookup(name))
  }
}

/** One resolver for each name, so that it can be cancelled alone, and uses the system's current servers. */
async function askDns(
  name: string,
  { servers, withinMs = WITHIN_MS }: StrangerNamesOptions,
): Promise<LookupAddress[]> {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES })
  if (servers) resolver.setServers(servers)
  const limit = setTimeout(() => resolver.cancel(), withinMs)
  const families = [
    resolver.resolve4(name).then((found) => found.map((address) => ({ address, family: 4 }))),
    resolver.resolve6(name).then((found) => found.map((address) => ({ address, family: 6 }))),
  ]
  const all = Promise.allSettled(families)
  try {
    await Promise.any(families)
    const late = setTimeout(() => resolver.cancel(), OTHER_FAMILY_MS)
    const settled = await all
    clearTimeout(late)
    return settled.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
  } catch (error) {
    throw error instanceof AggregateError ? error.errors[0] : error
  } finally {
    clearTimeout(limit)
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}
