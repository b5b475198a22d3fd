import { readBytes } from '../../support/http-client.ts'
import { startContestant } from '../contestants.ts'
import type { Figures } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import type { Torrent } from '../swarm/seeders.ts'
import { missingPlaces } from './missing-places.ts'
import { openFilm } from './open-film.ts'
import { startPlayer } from './player.ts'
import { median, percentile } from './statistics.ts'

const FIRST_BYTES = 65_536
const READ_ON_BYTES = 2 * 1024 * 1024
const OTHERS = { bytesPerSecond: 1_000_000, bufferSeconds: 2 }

export interface SeekOptions {
  readonly seeks: number
  /** positions of other viewers of the same film, as shares of it */
  readonly others: readonly number[]
}

/** Seeks to positions that are not there: from each request to its first 64 KiB. */
export async function measureSeeks(
  name: string,
  film: Film,
  torrent: Torrent,
  { seeks, others }: SeekOptions,
): Promise<Figures> {
  await using contestant = await startContestant(name, torrent)
  const url = await contestant.open(torrent)
  const first = await openFilm(url, 0)
  await readBytes(first, READ_ON_BYTES)
  first.destroy()
  using company = new DisposableStack()
  const players = others.map((part) =>
    company.use(startPlayer({ url, film, from: Math.floor(part * film.bytes.length), ...OTHERS })),
  )
  await Promise.all(players.map((player) => player.begun))

  const times: number[] = []
  for await (const place of missingPlaces(film, contestant.folder)) {
    const askedAt = performance.now()
    const stream = await openFilm(url, place)
    const got = await readBytes(stream, FIRST_BYTES)
    times.push(performance.now() - askedAt)
    // A player reads on for a moment before the viewer seeks again.
    const more = await readBytes(stream, READ_ON_BYTES)
    stream.destroy()
    const all = Buffer.concat([got, more])
    if (!all.equals(film.bytes.subarray(place, place + all.length)))
      throw new Error(`${name} sent wrong bytes at ${place}`)
    if (times.length === seeks) break
  }
  if (times.length < seeks)
    throw new Error(`all was there after ${times.length} seeks: a longer film is needed`)
  const stalls = players.map((player) => player.report().stalls)
  return {
    'p50, ms': median(times),
    'p95, ms': percentile(times, 95),
    ...(others.length > 0 && { 'stalls of the others': stalls.reduce((sum, each) => sum + each, 0) }),
  }
}
