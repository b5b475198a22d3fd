import type { DiskRoom } from '../disk/disk-room.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Engine } from '../engine/engine.ts'
import type { SwarmSlots } from './swarm-slots.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { TorrentPlaces } from './torrent-places.ts'
import type { WithoutPeers } from './without-peers.ts'

export interface TorrentOptions {
  readonly infoHash: InfoHash
  /** where its folder is, or is to be */
  readonly directory: string
  /** extra path that its folder is put under, if it has none yet */
  readonly base?: string | undefined
  /** asked for every torrent */
  readonly trackers: readonly string[]
  /** how long one attempt looks for peers */
  readonly peerSearchMs: number
  /** how long a reader waits for its first piece */
  readonly firstPieceMs: number
  readonly maxRetries: number
  readonly stallTimeoutMs: number
  /** stay in the swarm when there is nothing left to fetch */
  readonly seed: boolean
}

/** What all torrents share. */
export interface TorrentParts {
  readonly engine: Engine
  readonly slots: Pick<SwarmSlots, 'take' | 'isDryElsewhere' | 'onDryChanged'>
  readonly index: Pick<TorrentIndexPort, 'put' | 'noteSeeders'>
  readonly places: Pick<TorrentPlaces, 'find'>
  /** what may be fetched */
  readonly room: DiskRoom
  readonly withoutPeers: WithoutPeers
}
