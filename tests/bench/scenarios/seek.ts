import { measureSeeks } from '../measure/seeks.ts'
import type { Case, Scenario } from '../scenario.ts'
import { settings } from '../settings.ts'
import { type Film, makeFilm } from '../swarm/film.ts'
import { startSeeders } from '../swarm/seeders.ts'

const UPLOAD_LIMIT = 8_000_000
const VARIANTS = [
  { pieceMib: 1, seeks: 20 },
  { pieceMib: 4, seeks: 20 },
  // A single piece takes 2 s.
  { pieceMib: 16, seeks: 12 },
]
const COMPANY = [
  { who: 'alone', others: [] },
  { who: 'with two other viewers', others: [0.31, 0.71] },
]

export const seek: Scenario = seekScenario({
  about: 'seeders that give 8 MB/s together: from a jump to the first 64 KiB',
  contestants: ['self-streme', 'peerflix', 'webtorrent'],
})

/**
 * @param oneWayMs - delay to the seeders
 * @param limitTickMs - how often their rate limit lets them send
 */
export function seekScenario(options: {
  readonly about: string
  readonly contestants: readonly string[]
  readonly oneWayMs?: number
  readonly limitTickMs?: number
}): Scenario {
  const { about, contestants, ...distance } = options
  const casesOf = (film: Film): Case[] =>
    VARIANTS.flatMap(({ pieceMib, seeks }) =>
      COMPANY.map(({ who, others }) => ({
        name: `pieces of ${pieceMib} MiB ${who}`,
        contestants,
        async measure(contestant) {
          const pieceLength = pieceMib * 1024 * 1024
          await using torrent = await startSeeders(film, {
            pieceLength,
            uploadLimit: UPLOAD_LIMIT,
            ...distance,
          })
          return await measureSeeks(contestant, film, torrent, { seeks, others })
        },
      })),
    )
  return {
    about,
    async prepare() {
      const film = await makeFilm(settings.filmMib)
      return { cases: casesOf(film), [Symbol.asyncDispose]: () => film[Symbol.asyncDispose]() }
    },
  }
}
