import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { done, EVENT_NAMES, runScenario, SITUATION_NAMES } from '../support/users-files-world.ts'

afterAll(() => {
  for (const [what, count] of Object.entries(done)) expect(count, what).toBeGreaterThan(0)
})

test.for(SITUATION_NAMES)(
  'with %s on disk, every file of the user’s is kept unchanged',
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
] as const)('when %s, then %s and more, the user’s files are kept unchanged', (events) =>
  runScenario(['nothing'], events),
)

test('a film of the user’s with the content of the torrent is kept, also when the folder moved to another disk', () =>
  runScenario(
    ['the right film of the user’s where nothing was fetched yet'],
    ['a viewer watches', 'the folder is moved to another disk', 'a viewer watches', 'it is removed'],
  ))

test('no file that the user put there is ever removed or changed, in any situation and after any events', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...SITUATION_NAMES), { minLength: 1, maxLength: 3 }),
      fc.array(fc.constantFrom(...EVENT_NAMES), { minLength: 1, maxLength: 7 }),
      runScenario,
    ),
    { numRuns: 8 },
  )
})
