import { downloadWithLibtorrent } from '../contestants/libtorrent.ts'
import { measureColdStarts, measureWholeFilm } from '../measure/whole-film.ts'
import type { Case } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import { type SeedersOptions, startSeeders } from '../swarm/seeders.ts'

const STREAMING = ['self-streme', 'peerflix', 'webtorrent']

/** From the first request for a film to its first byte. */
export function coldStartCase(name: string, film: Film, seeders: SeedersOptions): Case {
  return {
    name,
    contestants: STREAMING,
    async measure(contestant) {
      await using torrent = await startSeeders(film, seeders)
      return await measureColdStarts(contestant, film, torrent)
    },
  }
}

/** @param contestants - in addition to those that stream */
export function wholeFilmCase(
  name: string,
  film: Film,
  seeders: SeedersOptions,
  contestants: readonly 'libtorrent'[] = [],
): Case {
  return {
    name,
    contestants: [...STREAMING, ...contestants],
    async measure(contestant) {
      await using torrent = await startSeeders(film, seeders)
      if (contestant === 'libtorrent') return await downloadWithLibtorrent(film, torrent)
      return await measureWholeFilm(contestant, film, torrent)
    },
  }
}
