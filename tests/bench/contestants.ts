import { startPeerflix } from './contestants/peerflix.ts'
import { startSelfStreme } from './contestants/self-streme.ts'
import { startWebtorrent } from './contestants/webtorrent.ts'
import type { Torrent } from './swarm/seeders.ts'

/** A server that turns torrents into videos, up for a while and ready to be asked. */
export interface Contestant extends AsyncDisposable {
  /** of all processes that were started for it */
  readonly pids: readonly number[]
  /** where it writes films */
  readonly folder: string
  /** Hands it a torrent; resolves with an address to read the film from, which may be before any peer was met. */
  open(torrent: Torrent): Promise<string>
  /** Resolves when a film that was read to its end needs nothing of the swarm any more. */
  settled(): Promise<void>
  /** p99 of the delay of the main event loop since the last call, in milliseconds; only with `watchEventLoop` */
  eventLoopDelayMs?(): Promise<number>
}

export interface ContestantOptions {
  readonly trackerUrl: string
  /** how many it will be handed */
  readonly torrents?: number
  readonly watchEventLoop?: boolean
  /** further settings of our own */
  readonly settings?: Readonly<Record<string, string>>
}

/** All that stream from a swarm, by their name. */
export const contestants: Readonly<Record<string, (options: ContestantOptions) => Promise<Contestant>>> = {
  'self-streme': startSelfStreme,
  peerflix: startPeerflix,
  webtorrent: startWebtorrent,
}

export function startContestant(name: string, options: ContestantOptions): Promise<Contestant> {
  const start = contestants[name]
  if (!start) throw new Error(`there is no contestant ${name}`)
  return start(options)
}
