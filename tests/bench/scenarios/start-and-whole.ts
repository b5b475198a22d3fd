import { downloadWithLibtorrent } from '../contestants/libtorrent.ts'
import { measureColdStarts, measureWholeFilm } from '../measure/whole-film.ts'
import type { Scenario } from '../scenario.ts'
import { settings } from '../settings.ts'
import { makeFilm } from '../swarm/film.ts'
import { startSeeders } from '../swarm/seeders.ts'

const STREAMING = ['self-streme', 'peerflix', 'webtorrent']
const TCP_ONLY = { pieceLength: 1024 * 1024 }
const WITH_UTP = { ...TCP_ONLY, utp: true }

export const startAndWhole: Scenario = {
  about: 'unlimited seeders on loopback: cold first byte, and the whole film',
  async prepare() {
    const film = await makeFilm(settings.filmMib)
    return {
      cases: [
        {
          name: 'first byte, TCP',
          contestants: STREAMING,
          async measure(contestant) {
            await using torrent = await startSeeders(film, TCP_ONLY)
            return await measureColdStarts(contestant, film, torrent)
          },
        },
        {
          name: 'first byte, TCP + uTP',
          contestants: STREAMING,
          async measure(contestant) {
            await using torrent = await startSeeders(film, WITH_UTP)
            return await measureColdStarts(contestant, film, torrent)
          },
        },
        {
          name: `${settings.filmMib} MiB`,
          contestants: [...STREAMING, 'libtorrent'],
          async measure(contestant) {
            await using torrent = await startSeeders(film, TCP_ONLY)
            if (contestant === 'libtorrent') return await downloadWithLibtorrent(film, torrent)
            return await measureWholeFilm(contestant, film, torrent)
          },
        },
      ],
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}
