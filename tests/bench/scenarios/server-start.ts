import { measureServerStart } from '../measure/server-start.ts'
import type { Scenario } from '../scenario.ts'
import { makeFilm } from '../swarm/film.ts'
import { startSeeders } from '../swarm/seeders.ts'

const MIB = 1024 * 1024

export const serverStart: Scenario = {
  about: 'cold first byte of a film that is requested as soon as the HTTP port of the server is open',
  async prepare() {
    const film = await makeFilm(64)
    return {
      cases: [
        {
          name: 'first byte',
          contestants: ['self-streme'],
          async measure(contestant) {
            await using torrent = await startSeeders(film, { pieceLength: MIB })
            return await measureServerStart(contestant, film, torrent)
          },
        },
      ],
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}
