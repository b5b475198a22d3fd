import { LRUCache } from 'lru-cache'
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'

const MAX_CLIENTS = 1_000

/**
 * For which clients a source is left in peace. Each has a breaker of its own: what one of them asks for may fail as
 * often as it likes, and the others still get an answer.
 */
export class ClientPauses {
  readonly #clients = new LRUCache<string, { readonly breaker: CircuitBreaker; lastFailure: string }>({
    max: MAX_CLIENTS,
  })

  /** Why the source is not asked for a client now; `undefined` if it is, and then it is told how that went. */
  why(client: string, now: number): string | undefined {
    const known = this.#clients.get(client)
    return !known || known.breaker.pass(now) ? undefined : known.lastFailure
  }

  succeeded(client: string): void {
    this.#clients.get(client)?.breaker.succeeded()
  }

  /** @returns how long the source is left in peace from now on, in ms, if this failure was one too many */
  failed(client: string, id: string, why: string, now: number): number | undefined {
    const known = this.#clients.get(client) ?? { breaker: createCircuitBreaker(), lastFailure: '' }
    known.lastFailure = why
    this.#clients.set(client, known)
    return known.breaker.failed(now, id)
  }
}
