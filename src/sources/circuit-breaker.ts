import { LRUCache } from 'lru-cache'
import { pauseAfter } from '../lib/back-off.ts'

const FAILURES_IN_A_ROW = 3
const PAUSE_MS = { first: 30_000, max: 600_000 }

/** Pauses a source after repeated failures: for longer each time, with one try after each pause. */
export interface CircuitBreaker {
  /** Whether the source may be asked now; after `true`, the result must be reported. */
  pass(now: number): boolean
  succeeded(): void
  /**
   * @param id - what was asked for: failures for one id count once
   * @returns the length of the pause in ms, if this failure starts one
   */
  failed(now: number, id: string): number | undefined
}

export function createCircuitBreaker(): CircuitBreaker {
  /** ids of the failures in a row, until there are enough for a pause */
  const ids = new Set<string>()
  let failures = 0
  let pausedUntil = 0
  let isTrying = false

  return {
    pass(now) {
      if (failures < FAILURES_IN_A_ROW) return true
      if (isTrying || now < pausedUntil) return false
      isTrying = true
      return true
    },
    succeeded() {
      ids.clear()
      failures = 0
      isTrying = false
    },
    failed(now, id) {
      // Requests that began before the pause count as one failure.
      if (failures >= FAILURES_IN_A_ROW && !isTrying) return undefined
      if (ids.has(id) && !isTrying) return undefined
      if (failures < FAILURES_IN_A_ROW) ids.add(id)
      failures++
      isTrying = false
      if (failures < FAILURES_IN_A_ROW) return undefined
      const pauseMs = pauseAfter(failures - FAILURES_IN_A_ROW + 1, PAUSE_MS)
      pausedUntil = now + pauseMs
      return pauseMs
    },
  }
}

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
