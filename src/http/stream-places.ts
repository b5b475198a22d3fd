import { limitsFor } from '../domain/clients/client-limits.ts'
import { whoGivesWay } from '../domain/clients/give-way.ts'
import { IDLE_AFTER_MS, isIdle, type Viewer } from '../domain/clients/viewer.ts'
import { SelfStremeError } from '../domain/errors.ts'

/**
 * A stream that the client does not read for this long is ended. After a pause, players continue with a `Range`
 * request, as AVPlayer, ExoPlayer, mpv, VLC and browsers do after any cut; one slice in this time is 6 kbit/s.
 */
const MAX_IDLE_MS = 300_000
const SWEEP_MS = 1_000
/** at a time, when others wait for memory; each holds 32 KiB or more */
const MAX_ENDED = 64

/** One stream; disposing of it frees its place. */
export interface StreamPlace extends Viewer, Disposable {
  /** Aborts with the reason when the stream has to end. */
  readonly ended: AbortSignal
  /** Data was offered to the client. */
  handOut(): void
  /** The client has read all of it. */
  taken(): void
}

export interface StreamPlacesOptions {
  /** ms, monotonic */
  readonly clock: () => number
  /** number of streams that wait for memory for their next slice */
  readonly waitingForMemory: () => number
}

/** All streams; decides which of them end in favour of others. */
export class StreamPlaces implements Disposable {
  readonly #options: StreamPlacesOptions
  readonly #places = new Map<string, Set<Place>>()
  readonly #sweeper = setInterval(() => this.sweep(), SWEEP_MS).unref()

  constructor(options: StreamPlacesOptions) {
    this.#options = options
  }

  /**
   * @param client - as `clientKey` names it
   * @throws SelfStremeError `client.limit` if the client has too many streams and none is idle
   */
  enter(client: string): StreamPlace {
    const { streams } = limitsFor(client)
    const own = this.#places.get(client) ?? new Set()
    if (own.size >= streams) this.#endIdle([...own], streams)
    const place = new Place(client, this.#options.clock, () => {
      own.delete(place)
      if (own.size === 0 && this.#places.get(client) === own) this.#places.delete(client)
    })
    own.add(place)
    this.#places.set(client, own)
    return place
  }

  /** Ends an idle stream of a client, or one that has waited long for its first byte. */
  #endIdle(own: readonly Place[], most: number): void {
    const now = this.#options.clock()
    const taken = own.map((place) => ({
      place,
      clients: [place.client],
      isIdle: isIdle(place, now) || (!place.hasBegun && now - place.enteredAt >= IDLE_AFTER_MS),
      since: place.idleSince ?? place.enteredAt,
    }))
    const clients = own.slice(0, 1).map(({ client }) => client)
    const answer = whoGivesWay(taken, clients, { most, mostPerClient: most })
    const reason = new SelfStremeError('client.limit', `this address already receives ${most} videos`)
    if (typeof answer === 'string') throw reason
    answer.place.end(reason)
  }

  /** Ends streams that are not read: for long, or when others wait for memory. */
  sweep(): void {
    const now = this.#options.clock()
    const idle = [...this.#places.values()]
      .flatMap((own) => [...own])
      .flatMap((place) =>
        isIdle(place, now)
          ? [{ place, clients: [place.client], isIdle: true, since: place.idleSince ?? now }]
          : [],
      )
    const remaining = new Set(idle.filter(({ since }) => now - since < MAX_IDLE_MS))
    for (const each of idle) {
      if (remaining.has(each)) continue
      each.place.end(
        new SelfStremeError('client.idle', `the client read nothing for ${MAX_IDLE_MS / 1000} s`),
      )
    }
    const most = Math.min(this.#options.waitingForMemory(), MAX_ENDED)
    for (let ended = 0; ended < most; ended++) {
      const answer = whoGivesWay([...remaining], [], { most: 0, mostPerClient: 1 })
      if (typeof answer === 'string') return
      remaining.delete(answer)
      answer.place.end(
        new SelfStremeError('client.idle', 'the client read nothing, and others wait for memory'),
      )
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeper)
  }
}

class Place implements StreamPlace {
  readonly client: string
  readonly enteredAt: number
  hasBegun = false
  idleSince: number | undefined
  readonly #clock: () => number
  readonly #leave: () => void
  readonly #ending = new AbortController()

  constructor(client: string, clock: () => number, leave: () => void) {
    this.client = client
    this.#clock = clock
    this.#leave = leave
    this.enteredAt = clock()
  }

  get ended(): AbortSignal {
    return this.#ending.signal
  }

  handOut(): void {
    this.hasBegun = true
    this.idleSince = this.#clock()
  }

  taken(): void {
    this.idleSince = undefined
  }

  end(reason: SelfStremeError): void {
    this.#leave()
    this.#ending.abort(reason)
  }

  [Symbol.dispose](): void {
    this.idleSince = undefined
    this.#leave()
  }
}
