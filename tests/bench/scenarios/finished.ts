import { hasNginx } from '../../support/nginx.ts'
import { fileServers } from '../file-servers.ts'
import { measureFinishedFile } from '../measure/finished-file.ts'
import type { Scenario } from '../scenario.ts'
import { makeFilm } from '../swarm/film.ts'

const FILM_MIB = 512

export const finished: Scenario = {
  about: `a whole file of ${FILM_MIB} MiB: one stream, and 64 KiB from anywhere`,
  async prepare() {
    const film = await makeFilm(FILM_MIB)
    return {
      cases: [
        {
          name: 'whole file',
          contestants: Object.keys(fileServers).filter((name) => hasNginx || !name.startsWith('nginx')),
          async measure(name) {
            const start = fileServers[name]
            if (!start) throw new Error(`there is no file server ${name}`)
            await using server = await start(film)
            return await measureFinishedFile(server.url, film)
          },
        },
      ],
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}
