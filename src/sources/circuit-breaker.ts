import { pauseAfter } from '../lib/back-off.ts'

const FAILURES_IN_A_ROW = 3
const PAUSE_MS = { first: 30_000, longest: 600_000 }

/** Leaves a source in peace that fails again and again: longer each time, with one try after each pause. */
export interface CircuitBreaker {
  /** Whether the source may be asked now; whoever is told "yes" says later how it went. */
  pass(now: number): boolean
  succeeded(): void
  /**
   * @param id - what was asked for: failures for one id count once
   * @returns how long the source is left in peace from now on, in ms, if this failure was one too many
   */
  failed(now: number, id: string): number | undefined
}

export function createCircuitBreaker(): CircuitBreaker {
  /** of the failures in a row, until there are enough */
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
      // Several were asked before the pause began; they all fail, and that is one failure.
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
