import { createHash } from 'node:crypto'
import { readBytes } from '../../support/http-client.ts'
import { type ContestantOptions, startContestant } from '../contestants.ts'
import type { Figures } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import type { Torrent } from '../swarm/seeders.ts'
import { openFilm } from './open-film.ts'
import { median } from './statistics.ts'
import { watchUsage } from './usage.ts'

const COLD_STARTS = 5

/** From a torrent unknown to the server to the last byte of the film. */
export async function measureWholeFilm(name: string, film: Film, torrent: Torrent): Promise<Figures> {
  await using contestant = await startContestant(name, torrent)
  using usage = watchUsage(contestant.pids)
  const startedAt = performance.now()
  const stream = await openFilm(await contestant.open(torrent))
  const hash = createHash('sha256')
  for await (const part of stream) hash.update(part as Buffer)
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = usage.cpuSeconds()
  if (hash.digest('hex') !== film.sha256) throw new Error(`${name} sent wrong bytes`)
  return {
    'whole film, MB/s': film.bytes.length / 1e6 / seconds,
    'CPU s per GiB': cpuSeconds / (film.bytes.length / 2 ** 30),
    'anonymous memory, MiB': usage.peakAnonymousMib(),
  }
}

/** From a torrent unknown to the server to the first byte of its film, several times with a new server. */
export async function measureColdStarts(name: string, film: Film, torrent: Torrent): Promise<Figures> {
  const times: number[] = []
  for (let n = 0; n < COLD_STARTS; n++) times.push(await timeToFirstByte(name, film, torrent))
  return { 'cold first byte, ms': median(times) }
}

/** From a torrent unknown to a new server to the first byte of its film, in ms. */
export async function timeToFirstByte(
  name: string,
  film: Film,
  torrent: Torrent,
  options: Omit<ContestantOptions, 'trackerUrl'> = {},
): Promise<number> {
  await using contestant = await startContestant(name, { trackerUrl: torrent.trackerUrl, ...options })
  const startedAt = performance.now()
  const stream = await openFilm(await contestant.open(torrent))
  const first = await readBytes(stream, 1)
  const time = performance.now() - startedAt
  stream.destroy()
  if (!first.equals(film.bytes.subarray(0, 1))) throw new Error(`${name} sent a wrong first byte`)
  return time
}
