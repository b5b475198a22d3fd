export interface FairPlacesOptions {
  /** number of places */
  readonly most: number
  /** number of places per client */
  readonly perClient: number
  /** maximum queue length, over all clients */
  readonly mostWaiting: number
}

interface Waiter {
  readonly client: string
  readonly give: (place: Disposable | undefined) => void
}

/**
 * Limits parallel work fairly: one client never holds all places, and queued clients take turns, however many requests
 * each of them has queued.
 */
export class FairPlaces {
  readonly #options: FairPlacesOptions
  readonly #held = new Map<string, number>()
  #taken = 0
  /** in queue order */
  #waiting: readonly Waiter[] = []

  constructor(options: FairPlacesOptions) {
    this.#options = options
  }

  /** A place without waiting, disposed of when the work is done; `undefined` if none is free for this client. */
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
   * Waits for a place.
   *
   * @returns `undefined` when the signal aborts, or when the queue is full and this client has the most requests in it
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
    // The client's next request goes behind one request of each other client.
    const isOfClient = (waiter: Waiter) => waiter.client === next.client
    this.#waiting = [...others.filter((waiter) => !isOfClient(waiter)), ...others.filter(isOfClient)]
    next.give(this.take(next.client))
  }

  /** Drops the last request of the client with the most queued. @returns whether that is another client */
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
