import type { Refusal } from '../../disk/disk-errors.ts'
import type { GoodPeer } from '../../domain/bittorrent/good-peers.ts'
import type { SelfStremeError } from '../../domain/errors.ts'
import type { OpenTorrent, SwarmStats } from '../../engine/engine.ts'
import type { FileId } from '../../files/file-id.ts'

/** The torrent that is in the swarm: what the session asks of it, and reports to it. */
export interface SwarmSubject extends Pick<OpenTorrent, 'infoHash' | 'directory'> {
  /** called at each attempt, as `ofTorrent` is */
  trackers(): readonly string[]
  ofTorrent(): readonly string[]
  claimed(): Uint8Array | undefined
  goodPeers(): readonly GoodPeer[]
  /** There is something to share, so the session stays without peers although nothing is wanted. */
  isShared(): boolean
  /** Rejects with a SelfStremeError if the metadata cannot be used; the session then ends with that error. */
  metainfo(bytes: Uint8Array): Promise<void>
  verified(pieces: readonly number[]): void
  missing(pieces: readonly number[]): void
  opened(file: number, id: FileId, changedAt: number): void
  wrote(file: number, changedAt: number, isWriting: boolean): void
  changed(file: number): void
  /** The engine writes to no file any more until it was {@link opened}. */
  ended(): void
  replacing(file: number, copy: FileId): void
  /** The disk is full or failing; fetched pieces wait until {@link diskReady}. */
  diskFull(refusal: Refusal): void
  diskReady(): void
  stats(stats: SwarmStats): void
  /** Peers to dial first the next time. */
  keepPeers(peers: readonly GoodPeer[]): void
  /** One more peer than before is connected. */
  peerCame(): void
  /** The session has ended without being stopped. */
  failed(error: SelfStremeError): void
}
