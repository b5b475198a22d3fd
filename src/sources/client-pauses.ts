import { LRUCache } from 'lru-cache'
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'

const MAX_CLIENTS = 1_000

/**
 * Pauses of a source per client. Each client has its own breaker: failures of what one client asks for do not keep the
 * others from getting answers.
 */
export class ClientPauses {
  readonly #clients = new LRUCache<string, { readonly breaker: CircuitBreaker; lastFailure: string }>({
    max: MAX_CLIENTS,
  })

  /** Why the source is not asked for a client now; `undefined` if it may be, and then the result must be reported. */
  why(client: string, now: number): string | undefined {
    const known = this.#clients.get(client)
    return !known || known.breaker.pass(now) ? undefined : known.lastFailure
  }

  succeeded(client: string): void {
    this.#clients.get(client)?.breaker.succeeded()
  }

  /** @returns the length of the pause in ms, if this failure starts one */
  failed(client: string, id: string, why: string, now: number): number | undefined {
    const known = this.#clients.get(client) ?? { breaker: createCircuitBreaker(), lastFailure: '' }
    known.lastFailure = why
    this.#clients.set(client, known)
    return known.breaker.failed(now, id)
  }
}
