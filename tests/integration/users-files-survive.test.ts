import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { done, EVENT_NAMES, runScenario, SITUATION_NAMES } from '../support/users-files-world.ts'

afterAll(() => {
  for (const [what, count] of Object.entries(done)) expect(count, what).toBeGreaterThan(0)
})

test.for(SITUATION_NAMES)(
  'where the disk has %s, every file of the user’s stays as it is',
  async (situation) => {
    await runScenario(
      [situation],
      ['a viewer watches', 'it is removed', 'the user puts the film there', 'it is removed'],
    )
  },
)

test.for([
  ['a viewer watches', 'the user puts the film there', 'it is removed'],
  ['a viewer watches', 'the user writes into the film', 'it is removed'],
  [
    'a viewer watches',
    'the user puts a link in place of the folder',
    'the folder is looked at',
    'it is removed',
  ],
  ['a viewer watches', 'the user puts a link in place of the mark', 'a viewer watches', 'it is removed'],
  ['the user makes a folder while it is looked for', 'it is removed', 'the server is started again'],
  ['its metadata cannot be written', 'a viewer watches', 'it is given back'],
  ['the film is imported', 'the user puts the film there', 'it is removed', 'the film is imported'],
  ['a viewer watches', 'the user puts the other file there', 'it is given back', 'a viewer watches'],
] as const)('when %s, then %s and so on, too', (events) => runScenario(['nothing'], events))

test('a film of the user’s that is what the torrent has stays, also when the folder has come to another disk', () =>
  runScenario(
    ['the right film of the user’s where nothing was fetched yet'],
    ['a viewer watches', 'the folder is moved to another disk', 'a viewer watches', 'it is removed'],
  ))

test('whatever happens where, no file that the user put there is ever gone or changed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...SITUATION_NAMES), { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom(...EVENT_NAMES), { minLength: 1, maxLength: 7 }),
      runScenario,
    ),
    { numRuns: 8 },
  )
})
