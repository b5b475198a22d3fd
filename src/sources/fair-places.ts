export interface FairPlacesOptions {
  /** places in all */
  readonly most: number
  /** the most that one client holds at a time */
  readonly perClient: number
  /** the most that wait for a place, of all clients together */
  readonly mostWaiting: number
}

interface Waiter {
  readonly client: string
  readonly give: (place: Disposable | undefined) => void
}

/**
 * Places for work of which only so much may go on at a time, shared out between clients: one client never holds them
 * all, and who waits takes turns with the other clients, however many requests of one client wait.
 */
export class FairPlaces {
  readonly #options: FairPlacesOptions
  readonly #held = new Map<string, number>()
  #taken = 0
  /** in the order in which they get places */
  #waiting: readonly Waiter[] = []

  constructor(options: FairPlacesOptions) {
    this.#options = options
  }

  /** A place at once, to be disposed of when the work is done; `undefined` if there is none for this client. */
  take(client: string): Disposable | undefined {
    if (!this.#hasPlaceFor(client)) return undefined
    this.#taken++
    this.#held.set(client, this.#heldBy(client) + 1)
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release(client)
        isHeld = false
      },
    }
  }

  /**
   * A place as soon as there is one.
   *
   * @returns `undefined` when the signal aborts, or when too many wait and this client has the most of them
   */
  async wait(client: string, signal: AbortSignal): Promise<Disposable | undefined> {
    if (signal.aborted) return undefined
    const place = this.take(client)
    if (place) return place
    if (this.#waiting.length >= this.#options.mostWaiting && !this.#makeRoom(client)) return undefined
    const { promise, resolve: give } = Promise.withResolvers<Disposable | undefined>()
    const waiter = { client, give }
    this.#waiting = [...this.#waiting, waiter]
    const leave = () => this.#dismiss(waiter)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #heldBy(client: string): number {
    return this.#held.get(client) ?? 0
  }

  #hasPlaceFor(client: string): boolean {
    return this.#taken < this.#options.most && this.#heldBy(client) < this.#options.perClient
  }

  #release(client: string): void {
    this.#taken--
    const left = this.#heldBy(client) - 1
    if (left > 0) this.#held.set(client, left)
    else this.#held.delete(client)
    this.#giveNext()
  }

  #giveNext(): void {
    const next = this.#waiting
      .filter((waiter) => this.#hasPlaceFor(waiter.client))
      .reduce<Waiter | undefined>(
        (best, waiter) =>
          best === undefined || this.#heldBy(waiter.client) < this.#heldBy(best.client) ? waiter : best,
        undefined,
      )
    if (!next) return
    const others = this.#waiting.filter((waiter) => waiter !== next)
    // The client's next request waits until each of the others has had its turn.
    const isOfClient = (waiter: Waiter) => waiter.client === next.client
    this.#waiting = [...others.filter((waiter) => !isOfClient(waiter)), ...others.filter(isOfClient)]
    next.give(this.take(next.client))
  }

  /** The client with the most requests waiting loses its last one. @returns whether that is another client */
  #makeRoom(client: string): boolean {
    const byClient = Map.groupBy(this.#waiting, (waiter) => waiter.client)
    const most = [...byClient.values()].reduce((a, b) => (b.length > a.length ? b : a))
    const last = most.at(-1)
    if (!last || most.length <= (byClient.get(client)?.length ?? 0)) return false
    this.#dismiss(last)
    return true
  }

  #dismiss(waiter: Waiter): void {
    this.#waiting = this.#waiting.filter((each) => each !== waiter)
    waiter.give(undefined)
  }
}
