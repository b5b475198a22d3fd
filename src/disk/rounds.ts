import { Waiters } from '../lib/waiters.ts'

/**
 * Rounds in which space is freed and the disks are measured. Parts that need space ask for one here, and clean-up waits
 * here until one is asked for, so that neither calls the other.
 */
export class Rounds {
  readonly #workers = new Waiters()
  /** ends with the round that begins next */
  #next = Promise.withResolvers<void>()
  #isAsked = false
  /** aborted while no one does the rounds */
  #attendance = AbortSignal.abort()

  /**
   * Asks for a round. Those who ask before it begins share it.
   *
   * @returns resolves when the round has ended, successful or not; at once if no one does the rounds
   */
  async ask(): Promise<void> {
    if (this.#attendance.aborted) return
    this.#isAsked = true
    this.#workers.wakeAll()
    await this.#next.promise
  }

  /**
   * For the one who does the rounds: yields whenever one is asked for and has not begun. Each time, one must
   * {@link begin}.
   *
   * @param signal - when it aborts, only what was asked for before is still done
   */
  requests(signal: AbortSignal): AsyncGenerator<void> {
    this.#attendance = signal
    return this.#workers.whenever(() => this.#isAsked, signal)
  }

  /** Begins a round; dispose of it when it has ended. */
  begin(): Disposable {
    const { resolve } = this.#next
    this.#next = Promise.withResolvers()
    this.#isAsked = false
    return { [Symbol.dispose]: resolve }
  }
}
