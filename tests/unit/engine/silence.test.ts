import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { whenSilent } from '../../../src/engine/silence.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

const SILENCE_MS = 15_000

/** Time passes in which this process is idle: one turn of the event loop for each timer. */
async function idle(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    vi.advanceTimersByTime(100)
    await new Promise((done) => setImmediate(done))
  }
}

/** This process is busy: afterwards all timers are late, and run before any message is read. */
function busy(ms: number): void {
  vi.advanceTimersByTime(ms)
}

test('silence of the engine is reported once', async () => {
  let silences = 0
  using _watch = whenSilent(SILENCE_MS, () => silences++)
  await idle(SILENCE_MS - 200)
  expect(silences).toBe(0)
  await idle(200)
  expect(silences).toBe(1)
  await idle(10 * SILENCE_MS)
  expect(silences).toBe(1)
})

test('an engine that sends something now and then is not silent', async () => {
  let silences = 0
  using watch = whenSilent(SILENCE_MS, () => silences++)
  for (let n = 0; n < 20; n++) {
    await idle(SILENCE_MS - 1_000)
    watch.heard()
  }
  expect(silences).toBe(0)
})

test.for([15_000, 60_000, 3_600_000])(
  '%d ms in which this process was busy are not silence of the engine',
  async (ms) => {
    let silences = 0
    using watch = whenSilent(SILENCE_MS, () => silences++)
    for (let n = 0; n < 20; n++) {
      busy(ms)
      await idle(200)
      expect(silences).toBe(0)
      if (n % 5 === 4) watch.heard()
    }
    await idle(SILENCE_MS)
    expect(silences).toBe(1)
  },
)

test('a message that arrived while this process was busy counts, though timers run before it is read', async () => {
  let silences = 0
  using watch = whenSilent(SILENCE_MS, () => silences++)
  await idle(SILENCE_MS - 500)
  busy(10_000)
  // The message is read in the same turn, after the timers.
  watch.heard()
  await idle(SILENCE_MS - 1_000)
  expect(silences).toBe(0)
})

test('an engine that is no longer watched is not silent', async () => {
  let silences = 0
  whenSilent(SILENCE_MS, () => silences++)[Symbol.dispose]()
  await idle(2 * SILENCE_MS)
  expect(silences).toBe(0)
})
