/** What Node's timers can count; a longer wait would become one of 1 ms. */
const LONGEST_MS = 2 ** 31 - 1

/** `AbortSignal.timeout` for any number of milliseconds. */
export function timeoutSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(ms, LONGEST_MS))
}
