import { test } from 'vitest'
import { expectFilmInPieces } from '../support/piece-lengths.ts'
import { hasSeeder } from '../support/swarm.ts'

// Other lengths: tests/long-e2e.
test.skipIf(!hasSeeder).for([16_385, 827_392])(
  'a film in pieces of %i bytes is fetched, can be sought, and is found again after a restart',
  expectFilmInPieces,
)
