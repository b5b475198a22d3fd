import type { Scenario } from '../scenario.ts'
import { settings } from '../settings.ts'
import { makeFilm } from '../swarm/film.ts'
import { coldStartCase, wholeFilmCase } from './whole-film-cases.ts'

const TCP_ONLY = { pieceLength: 1024 * 1024 }

export const startAndWhole: Scenario = {
  about: 'unlimited seeders on loopback: cold first byte, and the whole film',
  async prepare() {
    const film = await makeFilm(settings.filmMib)
    return {
      cases: [
        coldStartCase('first byte, TCP', film, TCP_ONLY),
        coldStartCase('first byte, TCP + uTP', film, { ...TCP_ONLY, utp: true }),
        wholeFilmCase(`${settings.filmMib} MiB`, film, TCP_ONLY, ['libtorrent']),
      ],
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}
