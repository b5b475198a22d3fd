import fc from 'fast-check'
import { expect, test } from 'vitest'
import { done, EVENT_NAMES, runScenario, SITUATION_NAMES } from '../support/users-files-world.ts'

const RUNS = 600

test('no file that the user put there is ever removed or changed, in any situation and after any events', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...SITUATION_NAMES), { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom(...EVENT_NAMES), { minLength: 1, maxLength: 12 }),
      runScenario,
    ),
    { numRuns: RUNS },
  )
  for (const [what, count] of Object.entries(done)) expect(count, what).toBeGreaterThan(0)
})
