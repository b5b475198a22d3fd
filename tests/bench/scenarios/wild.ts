import { randomBytes } from 'node:crypto'
import { readBytes } from '../../support/http-client.ts'
import { startContestant } from '../contestants.ts'
import { openFilm } from '../measure/open-film.ts'
import { watchUsage } from '../measure/usage.ts'
import type { Case, Figures, Scenario } from '../scenario.ts'
import { type Film, makeFilm } from '../swarm/film.ts'
import type { Torrent } from '../swarm/seeders.ts'
import { type Shape, startWildSwarm } from '../swarm/wild.ts'

const MIB = 1024 * 1024
const FILM_MIB = 64
const SECOND_BYTES = 4 * MIB
/** Torrents without peers that a viewer requests, in addition to the measured one. */
const OTHERS = 7

const SHAPES: Readonly<Record<string, Shape & { readonly others?: number }>> = {
  usual: { useless: 150, seeders: 3 },
  unlimited: { useless: 150, seeders: 3, uploadLimit: 0 },
  few: { useless: 298, seeders: 2 },
  encrypted: { useless: 150, seeders: 3, encryptedSeeders: 2 },
  slow: { useless: 120, seeders: 3, slow: 30 },
  'slow tracker': { useless: 150, seeders: 3, trackerMs: [0, 3_000] },
  '16 MiB pieces': { useless: 150, seeders: 3, pieceLength: 16 * MIB },
  crowd: { useless: 500, seeders: 3, others: OTHERS },
}

export const wild: Scenario = {
  about:
    'swarms as they are: most addresses dead or useless, seeders 40 ms away with 6 MB/s in all; a new server each time',
  spread: true,
  async prepare() {
    const film = await makeFilm(FILM_MIB)
    return {
      cases: Object.entries(SHAPES).map(
        ([name, shape]): Case => ({
          name,
          contestants: ['self-streme', 'peerflix', 'webtorrent'],
          async measure(contestant) {
            await using torrent = await startWildSwarm(film, shape)
            return await measureStart(contestant, film, torrent, shape.others ?? 0)
          },
        }),
      ),
      [Symbol.asyncDispose]: () => film[Symbol.asyncDispose](),
    }
  },
}

/** From a torrent unknown to the server to the first bytes of its film. */
async function measureStart(name: string, film: Film, torrent: Torrent, others: number): Promise<Figures> {
  await using contestant = await startContestant(name, { ...torrent, torrents: others + 1 })
  using usage = watchUsage(contestant.pids)
  for (let at = 0; at < others; at++) await openNothing(contestant, torrent)
  const startedAt = performance.now()
  const stream = await openFilm(await contestant.open(torrent))
  const first = await readBytes(stream, 1)
  const firstMs = performance.now() - startedAt
  const more = await readBytes(stream, SECOND_BYTES - 1)
  const secondMs = performance.now() - startedAt
  stream.destroy()
  if (!Buffer.concat([first, more]).equals(film.bytes.subarray(0, SECOND_BYTES))) {
    throw new Error(`${name} sent wrong bytes`)
  }
  return { 'first byte, ms': firstMs, '4 MiB, ms': secondMs, 'CPU s': usage.cpuSeconds() }
}

/** Requests a torrent that no peer has. */
async function openNothing(
  contestant: Awaited<ReturnType<typeof startContestant>>,
  torrent: Torrent,
): Promise<void> {
  const infoHash = randomBytes(20).toString('hex')
  const magnet = torrent.magnet.replace(torrent.infoHash, infoHash)
  contestant
    .open({ ...torrent, infoHash, magnet })
    .then((url) => openFilm(url))
    .catch(() => undefined)
}
