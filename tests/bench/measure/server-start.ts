import type { Figures } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import type { Torrent } from '../swarm/seeders.ts'
import { median } from './statistics.ts'
import { timeToFirstByte } from './whole-film.ts'

const STARTS = 7
const RUNNING_MS = 2_000

/** First bytes of servers that have been running for a while, and of ones whose HTTP port has just been opened, in turns. */
export async function measureServerStart(name: string, film: Film, torrent: Torrent): Promise<Figures> {
  const running: number[] = []
  const started: number[] = []
  for (let n = 0; n < STARTS; n++) {
    running.push(await timeToFirstByte(name, film, torrent, { settleMs: RUNNING_MS }))
    started.push(await timeToFirstByte(name, film, torrent, { settleMs: 0 }))
  }
  return {
    'running, ms': median(running),
    'just started, ms': median(started),
    'later by, ms': median(started) - median(running),
  }
}
