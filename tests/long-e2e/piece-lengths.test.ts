import { test } from 'vitest'
import { expectFilmInPieces } from '../support/piece-lengths.ts'
import { hasSeeder } from '../support/swarm.ts'

test.skipIf(!hasSeeder).for([25_344, 100_000, 3_000_001, 4_192_256])(
  'a film in pieces of %i bytes is fetched, can be sought, and is found again after a restart',
  expectFilmInPieces,
)
