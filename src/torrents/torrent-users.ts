import type { Viewer } from '../domain/clients/viewer.ts'

/** Why a torrent is fetched although nobody reads it: a download was asked for, or is probably wanted next. */
export type LaterPurpose = 'fetch' | 'guess'

/** Why a torrent joins the swarm. */
export type Purpose = 'watch' | LaterPurpose

/** How good a reason there is for a torrent to be in the swarm, in ascending order. */
export type Standing = 'idle' | 'guessed' | 'wanted' | 'used'

/** Who holds a torrent in memory, and why. */
export class TorrentUsers {
  readonly #now: () => number
  /** readers, and requests that wait to read, by lease */
  readonly #leases = new Map<symbol, Viewer | undefined>()
  /** how many downloads and guesses hold it */
  readonly #later: Record<LaterPurpose, number> = { fetch: 0, guess: 0 }
  /** `undefined` until the first download or viewer */
  #isOnlyGuess: boolean | undefined
  #lastUsedAt: number

  /** @param now - epoch ms */
  constructor(now: () => number = Date.now) {
    this.#now = now
    this.#lastUsedAt = now()
  }

  /** A request reads it, or waits to. */
  get isUsed(): boolean {
    return this.#leases.size > 0
  }

  /** A download holds it. */
  get isAwaited(): boolean {
    return this.#later.fetch > 0
  }

  /** A guess holds it. */
  get isGuessed(): boolean {
    return this.#later.guess > 0
  }

  /** Only guesses have held it so far. */
  get isOnlyGuess(): boolean {
    return this.#isOnlyGuess === true
  }

  get standing(): Standing {
    if (this.isUsed) return 'used'
    if (this.isAwaited) return 'wanted'
    return this.isGuessed ? 'guessed' : 'idle'
  }

  /** When the last hold was returned, epoch ms. */
  get lastUsedAt(): number {
    return this.#lastUsedAt
  }

  /** The viewers who read, or wait to; `undefined` if a lease has no viewer, and so never gives way. */
  get viewers(): readonly Viewer[] | undefined {
    const viewers = [...this.#leases.values()].filter((viewer) => viewer !== undefined)
    return viewers.length === this.#leases.size ? viewers : undefined
  }

  /**
   * Keeps the torrent from being removed or suspended.
   *
   * @param viewer - may have to give way to another client; absent: never gives way
   */
  lease(viewer?: Viewer): Disposable {
    const key = Symbol('lease')
    this.#leases.set(key, viewer)
    return this.#once(() => this.#leases.delete(key))
  }

  /** Keeps the torrent in memory; it may be suspended or removed. */
  attend(purpose: LaterPurpose): Disposable {
    this.#later[purpose]++
    if (purpose === 'fetch') this.#isOnlyGuess = false
    else this.#isOnlyGuess ??= true
    return this.#once(() => this.#later[purpose]--)
  }

  /** A viewer watches it. */
  noteWatched(): void {
    this.#isOnlyGuess = false
  }

  #once(release: () => void): Disposable {
    let isHeld = true
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return
        isHeld = false
        release()
        this.#lastUsedAt = this.#now()
      },
    }
  }
}
