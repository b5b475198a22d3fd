import { test } from 'vitest'
import { expectNoWrongByte, FILM_SWAPS } from '../support/swaps.ts'
import { hasSeeder } from '../support/swarm.ts'

test.skipIf(!hasSeeder).for(Object.entries(FILM_SWAPS))(
  'viewers get no wrong byte when %s at random moments while it is fetched',
  { timeout: 600_000 },
  ([, swap]) => expectNoWrongByte(swap),
)
