import { startPeerflix } from './contestants/peerflix.ts'
import { startSelfStreme } from './contestants/self-streme.ts'
import { startWebtorrent } from './contestants/webtorrent.ts'
import type { Torrent } from './swarm/seeders.ts'

/** A server that turns torrents into videos, running for a while and ready for requests. */
export interface Contestant extends AsyncDisposable {
  /** pids of all processes that were started for it */
  readonly pids: readonly number[]
  /** where it stores films */
  readonly folder: string
  /** Adds a torrent; resolves with an address to read the film from, possibly before any peer is connected. */
  open(torrent: Torrent): Promise<string>
  /** Resolves when a film that was read to its end needs nothing more from the swarm. */
  settled(): Promise<void>
  /** p99 of the delay of the main event loop since the last call, in milliseconds; only with `watchEventLoop` */
  eventLoopDelayMs?(): Promise<number>
}

export interface ContestantOptions {
  readonly trackerUrl: string
  /** how many torrents it will get */
  readonly torrents?: number
  readonly watchEventLoop?: boolean
  /** where it stores films, with what an earlier start left; default: a new folder, which is removed at the end */
  readonly folder?: string
  /** how long it has been running when it gets the first request, in ms; default 1000; only our own */
  readonly settleMs?: number
  /** further settings of our own */
  readonly settings?: Readonly<Record<string, string>>
}

/** All that stream from a swarm, by name. */
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
