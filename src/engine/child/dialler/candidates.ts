import { clientKey } from '../../../domain/clients/client-key.ts'
import { isOwnNetworkAddress } from '../../../domain/clients/public-host.ts'
import type { Encryption } from '../../engine.ts'
import { hostOf } from '../peer-address.ts'
import type { DialOutcome } from './dial-outcome.ts'
import { isShort, pauseOfFailed, pauseOfGiver } from './retry-pauses.ts'

/** Addresses of a torrent that wait to be dialled. */
export const MAX_WAITING = 1_000
/**
 * Ports of one address (IPv6: /64) among those: a carrier's NAT has many clients behind one. Those of our own network are
 * not limited: only sources that the user trusts may name them (`peer-sources`).
 */
export const MAX_PORTS = 8
/** Dials in progress to one address on the internet: a tracker that names a victim a thousand times gets three. */
export const MAX_DIALS_TO_ADDRESS = 3
/** What is remembered of addresses that were dialled; the oldest are forgotten first. */
const MAX_KNOWN = 5_000
/**
 * How a peer is dialled: by TCP with a plain handshake, with message stream encryption, with nothing but the handshake in
 * the first write (for peers that hang up when there is more in it), or by uTP.
 */
export type Manner = 'plain' | 'encrypted' | 'careful' | 'utp'

export interface Candidate {
  /** as webtorrent writes it: `192.0.2.1:6881`, `[2001:db8::1]:6881` */
  readonly address: string
  /** what limits are counted by: {@link clientKey} of a host on the internet, the address itself in our own network */
  readonly client: string
  /** how it was found, as webtorrent says it */
  readonly source: string | undefined
  readonly manner: Manner
}

interface Known extends Candidate {
  manner: Manner
  readonly manners: Set<Manner>
  state: 'untried' | 'dialled' | 'retry' | 'given up'
  failures: number
  /** ms, on the monotonic clock; for `retry` */
  dueAt: number
  /** when it was dialled last; ms, on the monotonic clock */
  takenAt: number
  /** short connections in a row in which it gave something */
  shortOnes: number
}

/** The addresses of one torrent: which is dialled next, and when one is dialled again. */
export class Candidates {
  readonly #known = new Map<string, Known>()
  /** Dialled before all others, first in, first out: good ones of an earlier run, and those to be dialled once more in another manner. */
  readonly #preferred: Known[] = []
  readonly #untried: Known[] = []
  readonly #retries = new Set<Known>()
  /** waiting ones of each client */
  readonly #ports = new Map<string, number>()
  readonly #dials = new Map<string, number>()
  readonly #encryption: Encryption
  readonly #hasUtp: boolean
  readonly #random: () => number

  /** @param random - as `Math.random` */
  constructor(encryption: Encryption, hasUtp = false, random: () => number = Math.random) {
    this.#encryption = encryption
    this.#hasUtp = hasUtp
    this.#random = random
  }

  /** How many have not been dialled yet. */
  get untried(): number {
    return this.#preferred.length + this.#untried.length
  }

  get waiting(): number {
    return this.untried + this.#retries.size
  }

  /**
   * @param isPreferred - it gave something in an earlier run
   * @param isEncrypted - it took only encrypted connections then
   * @returns false when it is known already, or there are too many
   */
  add(address: string, source?: string, isPreferred = false, isEncrypted = false): boolean {
    const host = hostOf(address)
    const client = isOwnNetworkAddress(host) ? address : clientKey(host)
    if (this.#known.has(address) || this.waiting >= MAX_WAITING) return false
    if ((this.#ports.get(client) ?? 0) >= MAX_PORTS) return false
    const manner =
      this.#encryption === 'prefer' || (isEncrypted && this.#encryption === 'auto') ? 'encrypted' : 'plain'
    const known: Known = {
      address,
      client,
      source,
      manner,
      manners: new Set([manner]),
      state: 'untried',
      failures: 0,
      dueAt: 0,
      takenAt: 0,
      shortOnes: 0,
    }
    this.#known.set(address, known)
    ;(isPreferred ? this.#preferred : this.#untried).push(known)
    count(this.#ports, client, 1)
    this.#forgetOldest()
    return true
  }

  /**
   * Takes the next address to dial. Peers that gave something come first. Untried ones come in random order: trackers may
   * sort them, and then every client would begin with the same. Failed ones come only when no untried one is left.
   *
   * @param now - ms, on the monotonic clock
   */
  take(now: number): Candidate | undefined {
    const known =
      this.#takePreferred() ??
      this.#takeDue(now, (retry) => retry.failures === 0) ??
      this.#takeUntried() ??
      this.#takeDue(now)
    if (!known) return undefined
    known.state = 'dialled'
    known.takenAt = now
    count(this.#ports, known.client, -1)
    count(this.#dials, known.client, 1)
    return known
  }

  /** The dial is no longer in progress: there is a handshake, or there will be none. */
  settle({ client }: Candidate): void {
    count(this.#dials, client, -1)
  }

  /** The connection has ended, or there was none. To be called once for each that was taken. */
  ended({ address }: Candidate, outcome: DialOutcome, now: number): void {
    const known = this.#known.get(address)
    if (known?.state !== 'dialled') return
    if (outcome === 'gave') {
      known.shortOnes = isShort(now - known.takenAt) ? known.shortOnes + 1 : 0
      return this.#retry(known, now + pauseOfGiver(known.shortOnes), 0)
    }
    const manner = this.#nextManner(known, outcome)
    if (manner) {
      known.manner = manner
      known.manners.add(manner)
      known.state = 'untried'
      this.#preferred.push(known)
      count(this.#ports, known.client, 1)
      return
    }
    if (outcome === 'left' && known.manner === 'plain') known.manner = 'careful'
    const wait = pauseOfFailed(known.failures)
    if (wait === undefined) known.state = 'given up'
    else this.#retry(known, now + wait, known.failures + 1)
  }

  /** @returns whether {@link take} would return an address */
  canTake(now: number): boolean {
    const mayDial = (known: Known) => this.#mayDial(known)
    if (this.#preferred.some(mayDial) || this.#untried.some(mayDial)) return true
    for (const known of this.#retries) if (known.dueAt <= now && mayDial(known)) return true
    return false
  }

  /** Forgets every address that came from another source. Those in progress are not dialled again. */
  retainOnly(source: string): void {
    for (const known of this.#known.values()) {
      if (known.source === source) continue
      this.#known.delete(known.address)
      if (known.state === 'untried' || known.state === 'retry') count(this.#ports, known.client, -1)
      this.#retries.delete(known)
    }
    for (const list of [this.#preferred, this.#untried]) {
      list.splice(0, list.length, ...list.filter((known) => known.source === source))
    }
  }

  /** Each manner is tried once; then it is a failure like others. */
  #nextManner({ manner, manners }: Known, outcome: DialOutcome): Manner | undefined {
    let next: Manner | undefined
    if (outcome === 'failed' && this.#hasUtp) next = 'utp'
    else if (outcome === 'hung up' && manner === 'plain') next = 'careful'
    else if (outcome === 'no byte' && this.#encryption !== 'never') {
      next = manner === 'encrypted' ? 'plain' : 'encrypted'
    }
    return next && !manners.has(next) ? next : undefined
  }

  #retry(known: Known, dueAt: number, failures: number): void {
    known.state = 'retry'
    known.dueAt = dueAt
    known.failures = failures
    this.#retries.add(known)
    count(this.#ports, known.client, 1)
  }

  #takePreferred(): Known | undefined {
    const at = this.#preferred.findIndex((known) => this.#mayDial(known))
    return this.#preferred.splice(at, at < 0 ? 0 : 1)[0]
  }

  #takeUntried(): Known | undefined {
    const start = Math.floor(this.#random() * this.#untried.length)
    for (let step = 0; step < this.#untried.length; step++) {
      const at = (start + step) % this.#untried.length
      const known = this.#untried[at]
      if (!known || !this.#mayDial(known)) continue
      const last = this.#untried.pop()
      if (last && last !== known) this.#untried[at] = last
      return known
    }
    return undefined
  }

  #takeDue(now: number, which: (retry: Known) => boolean = () => true): Known | undefined {
    for (const known of this.#retries) {
      if (known.dueAt > now || !this.#mayDial(known) || !which(known)) continue
      this.#retries.delete(known)
      return known
    }
    return undefined
  }

  #mayDial({ client }: Known): boolean {
    return (this.#dials.get(client) ?? 0) < MAX_DIALS_TO_ADDRESS
  }

  #forgetOldest(): void {
    for (const known of this.#known.values()) {
      if (this.#known.size <= MAX_KNOWN) return
      if (known.state === 'untried' || known.state === 'dialled') continue
      this.#known.delete(known.address)
      if (this.#retries.delete(known)) count(this.#ports, known.client, -1)
    }
  }
}

function count(counts: Map<string, number>, key: string, change: number): void {
  const value = (counts.get(key) ?? 0) + change
  if (value > 0) counts.set(key, value)
  else counts.delete(key)
}
