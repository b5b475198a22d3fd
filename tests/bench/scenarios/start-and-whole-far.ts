import type { Scenario } from '../scenario.ts'
import { settings } from '../settings.ts'
import { makeFilm } from '../swarm/film.ts'
import { coldStartCase, wholeFilmCase } from './whole-film-cases.ts'

const FAR = { pieceLength: 1024 * 1024, oneWayMs: 25 }

export const startAndWholeFar: Scenario = {
  about: 'unlimited seeders 25 ms away (50 ms there and back): cold first byte, and the whole film',
  async prepare() {
    const mib = Math.min(256, settings.filmMib)
    const film = await makeFilm(mib)
    return {
      cases: [coldStartCase('first byte', film, FAR), wholeFilmCase(`${mib} MiB`, film, FAR)],
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}
