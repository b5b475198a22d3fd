import { expect, test } from 'vitest'
import { inTurns } from '../../../src/lib/in-turns.ts'

/** Longer than one turn. */
const STEP_MS = 12

test('of several tasks, one takes a step in each turn of the event loop', async () => {
  let round = 0
  let isOver = false
  const count = () => {
    round++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)

  const rounds: number[] = []
  function* work() {
    for (let step = 0; step < 3; step++) {
      rounds.push(round)
      const endAt = performance.now() + STEP_MS
      while (performance.now() < endAt);
      yield
    }
    return 'done'
  }
  const answers = await Promise.all(Array.from({ length: 4 }, () => inTurns(work())))
  isOver = true

  expect(answers).toEqual(Array(4).fill('done'))
  // The first step is taken where the work begins.
  const later = rounds.filter((each) => each > 0)
  expect(later).toHaveLength(8)
  expect(new Set(later).size).toBe(later.length)
})
