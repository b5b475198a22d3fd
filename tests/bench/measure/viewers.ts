import { setTimeout as sleep } from 'node:timers/promises'
import { startTracker } from '../../support/swarm.ts'
import { startContestant } from '../contestants.ts'
import type { Figures } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import { startSeeders } from '../swarm/seeders.ts'
import { startPlayer } from './player.ts'
import { median } from './statistics.ts'
import { watchUsage } from './usage.ts'

const PIECE_LENGTH = 1024 * 1024
const WATCH_SECONDS = 60
const PACE = { bytesPerSecond: 1_000_000, bufferSeconds: 2 }
/** Start positions of viewers in each film. */
const PLACES = [0, 0.2, 0.4, 0.6]

/** All viewers come at the same moment. */
export async function measureViewers(name: string, films: readonly Film[]): Promise<Figures> {
  await using opened = new AsyncDisposableStack()
  const { url: trackerUrl } = opened.use(await startTracker())
  const torrents = await Promise.all(
    films.map(async (film) =>
      opened.use(await startSeeders(film, { pieceLength: PIECE_LENGTH, trackerUrl })),
    ),
  )
  const contestant = opened.use(
    await startContestant(name, { trackerUrl, torrents: torrents.length, watchEventLoop: true }),
  )
  const usage = opened.use(watchUsage(contestant.pids))
  // Delays before the first viewer do not count.
  await contestant.eventLoopDelayMs?.()

  const players = (
    await Promise.all(
      films.map(async (film, index) => {
        const torrent = torrents[index]
        if (!torrent) throw new Error('every film has a torrent')
        const url = await contestant.open(torrent)
        return PLACES.map((part) =>
          opened.use(startPlayer({ url, film, from: Math.floor(part * film.bytes.length), ...PACE })),
        )
      }),
    )
  ).flat()
  await sleep(WATCH_SECONDS * 1000)
  const reports = players.map((player) => player.report())
  const late = reports.filter(({ startMs }) => Number.isNaN(startMs)).length
  if (late > 0) throw new Error(`${late} viewers saw nothing within ${WATCH_SECONDS} s`)
  return {
    'stalls of all': reports.reduce((sum, { stalls }) => sum + stalls, 0),
    'first 64 KiB p50, ms': median(reports.map(({ firstBytesMs }) => firstBytesMs)),
    'picture (2 s in the buffer) p50, ms': median(reports.map(({ startMs }) => startMs)),
    'CPU, % of a core': (usage.cpuSeconds() / WATCH_SECONDS) * 100,
    'anonymous memory, MiB': usage.peakAnonymousMib(),
    ...(contestant.eventLoopDelayMs && { 'event loop delay p99, ms': await contestant.eventLoopDelayMs() }),
  }
}
