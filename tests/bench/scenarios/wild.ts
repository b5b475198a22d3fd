import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { readBytes } from '../../support/http-client.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { type Contestant, startContestant } from '../contestants.ts'
import { missingPlaces } from '../measure/missing-places.ts'
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

/** How long a film is watched before the server is killed. */
const WATCHED_MS = 3_000

interface WildShape extends Shape {
  readonly others?: number
  /** the server is killed while the film is being watched, and started again */
  readonly isAgain?: boolean
}

const SHAPES: Readonly<Record<string, WildShape>> = {
  usual: { useless: 150, seeders: 3 },
  unlimited: { useless: 150, seeders: 3, uploadLimit: 0 },
  few: { useless: 298, seeders: 2 },
  encrypted: { useless: 150, seeders: 3, encryptedSeeders: 2 },
  slow: { useless: 120, seeders: 3, slow: 30 },
  'slow tracker': { useless: 150, seeders: 3, trackerMs: [0, 3_000] },
  '16 MiB pieces': { useless: 150, seeders: 3, pieceLength: 16 * MIB },
  crowd: { useless: 500, seeders: 3, others: OTHERS },
  again: { useless: 150, seeders: 3, trackerMs: [3_000], isAgain: true },
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
          // With metadata of an earlier run, torrent-stream 1.2.1 leaves out the trackers of the link: peerflix finds no peer again.
          contestants: ['self-streme', ...(shape.isAgain ? [] : ['peerflix']), 'webtorrent'],
          async measure(contestant) {
            await using torrent = await startWildSwarm(film, shape)
            return shape.isAgain
              ? await measureAgain(contestant, film, torrent)
              : await measureStart(contestant, film, torrent, shape.others ?? 0)
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
  for (let at = 0; at < others; at++) await openNothing(contestant, torrent)
  return await measureFirst(name, contestant, film, torrent)
}

/**
 * The film was being watched when the server was killed with SIGKILL. It is started again on its folder, and has been
 * running for a second like all contestants when a place is requested that is not on disk: the server itself does not
 * have to start, but to find the peers again.
 */
async function measureAgain(name: string, film: Film, torrent: Torrent): Promise<Figures> {
  await using folder = await temporaryFolder()
  const options = { ...torrent, folder: folder.path }
  {
    await using killed = await startContestant(name, options)
    await readBytes(await openFilm(await killed.open(torrent)), SECOND_BYTES)
    await sleep(WATCHED_MS)
  }
  await using contestant = await startContestant(name, options)
  for await (const place of missingPlaces(film, contestant.folder))
    return await measureFirst(name, contestant, film, torrent, place)
  throw new Error(`${name} had fetched the film before it was killed`)
}

/** From handing over the torrent to the first bytes of its film from some byte on. */
async function measureFirst(
  name: string,
  contestant: Contestant,
  film: Film,
  torrent: Torrent,
  from?: number,
): Promise<Figures> {
  using usage = watchUsage(contestant.pids)
  const startedAt = performance.now()
  const stream = await openFilm(await contestant.open(torrent), from)
  const first = await readBytes(stream, 1)
  const firstMs = performance.now() - startedAt
  const more = await readBytes(stream, SECOND_BYTES - 1)
  const secondMs = performance.now() - startedAt
  stream.destroy()
  const expected = film.bytes.subarray(from ?? 0, (from ?? 0) + SECOND_BYTES)
  if (!Buffer.concat([first, more]).equals(expected)) throw new Error(`${name} sent wrong bytes`)
  return { 'first byte, ms': firstMs, '4 MiB, ms': secondMs, 'CPU s': usage.cpuSeconds() }
}

/** Requests a torrent that no peer has. */
async function openNothing(contestant: Contestant, torrent: Torrent): Promise<void> {
  const infoHash = randomBytes(20).toString('hex')
  const magnet = torrent.magnet.replace(torrent.infoHash, infoHash)
  contestant
    .open({ ...torrent, infoHash, magnet })
    .then((url) => openFilm(url))
    .catch(() => undefined)
}
