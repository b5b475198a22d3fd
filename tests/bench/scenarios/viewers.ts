import { measureViewers } from '../measure/viewers.ts'
import type { Scenario } from '../scenario.ts'
import { makeFilm } from '../swarm/film.ts'

const FILMS = 5
const FILM_MIB = 384

export const viewers: Scenario = {
  about: `20 viewers who watch at 8 Mbit/s for a minute, four of each of ${FILMS} films`,
  async prepare() {
    await using preparing = new AsyncDisposableStack()
    const films = await Promise.all(
      Array.from({ length: FILMS }, async (_, index) => preparing.use(await makeFilm(FILM_MIB, index + 1))),
    )
    const parts = preparing.move()
    return {
      cases: [
        {
          name: '20 viewers',
          contestants: ['self-streme', 'peerflix', 'webtorrent'],
          measure: (contestant) => measureViewers(contestant, films),
        },
      ],
      [Symbol.asyncDispose]: () => parts.disposeAsync(),
    }
  },
}
