import { measureColdStarts, measureWholeFilm } from '../measure/whole-film.ts'
import type { Scenario } from '../scenario.ts'
import { settings } from '../settings.ts'
import { makeFilm } from '../swarm/film.ts'
import { startSeeders } from '../swarm/seeders.ts'

const CONTESTANTS = ['self-streme', 'peerflix', 'webtorrent']
const FAR = { pieceLength: 1024 * 1024, oneWayMs: 25 }

export const startAndWholeFar: Scenario = {
  about: 'unlimited seeders 25 ms away (50 ms there and back): cold first byte, and the whole film',
  async prepare() {
    const mib = Math.min(256, settings.filmMib)
    const film = await makeFilm(mib)
    return {
      cases: [
        {
          name: 'first byte',
          contestants: CONTESTANTS,
          async measure(contestant) {
            await using torrent = await startSeeders(film, FAR)
            return await measureColdStarts(contestant, film, torrent)
          },
        },
        {
          name: `${mib} MiB`,
          contestants: CONTESTANTS,
          async measure(contestant) {
            await using torrent = await startSeeders(film, FAR)
            return await measureWholeFilm(contestant, film, torrent)
          },
        },
      ],
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}
