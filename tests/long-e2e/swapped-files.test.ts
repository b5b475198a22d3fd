import { expect, test } from 'vitest'
import { patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { SWAPS, swapWhileRead } from '../support/swaps.ts'
import { hasSeeder } from '../support/swarm.ts'

const MIB = 1024 * 1024
/** Swaps of each kind; 203 swaps in all. */
const COUNT = 29

test.skipIf(!hasSeeder).for(Object.entries(SWAPS))(
  'viewers get no wrong byte when %s at random moments while it is fetched',
  { timeout: 600_000 },
  async ([, swap]) => {
    await using film = await seedFilm(patternBytes(64 * MIB), { uploadLimit: 8 * MIB })
    const swaps = Array.from({ length: COUNT }, () => swap)
    const outcome = await swapWhileRead(film, swaps, { roundMs: 6_000, restMs: 600 })
    expect(outcome).toMatchObject({ swaps: COUNT, wrong: 0 })
    expect(outcome.right).toBeGreaterThan(3 * COUNT)
  },
)
