import type { Refusal } from '../disk/disk-errors.ts'
import type { DhtNode } from '../domain/bittorrent/dht-nodes.ts'
import type { GoodPeer } from '../domain/bittorrent/good-peers.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileId } from '../files/file-id.ts'
import type { LogFields, LogLevel } from '../observe/log.ts'
import type { EngineFailure, EngineOptions, PieceWindow, SwarmStats } from './engine.ts'

/** Commands of main to the engine process. Each `open` has its own id, so that late reports of an old one are recognised. */
export type Command =
  | { readonly kind: 'start'; readonly options: EngineOptions; readonly dhtNodes: readonly DhtNode[] }
  | {
      readonly kind: 'open'
      readonly id: number
      readonly infoHash: InfoHash
      readonly trackers: readonly string[]
      readonly ofTorrent: readonly string[]
      readonly directory: string
      readonly metainfo: Uint8Array | undefined
      readonly claimed: Uint8Array | undefined
      readonly goodPeers: readonly GoodPeer[]
    }
  | { readonly kind: 'want'; readonly id: number; readonly windows: readonly PieceWindow[] }
  | { readonly kind: 'unverify'; readonly id: number; readonly piece: number }
  /** answers `replacing` */
  | { readonly kind: 'replace'; readonly id: number; readonly file: number }
  | { readonly kind: 'retryWrites'; readonly id: number }
  | { readonly kind: 'close'; readonly id: number }
  | { readonly kind: 'stop' }

/** Reports of the engine process to main. */
export type Report =
  | { readonly kind: 'alive' }
  /** what the DHT's table has; also the last report after `stop` */
  | { readonly kind: 'dhtNodes'; readonly nodes: readonly DhtNode[] }
  | { readonly kind: 'metainfo'; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'opened'
      readonly id: number
      readonly file: number
      readonly fileId: FileId
      readonly changedAt: number
    }
  | {
      readonly kind: 'wrote'
      readonly id: number
      readonly file: number
      readonly changedAt: number
      readonly isWriting: boolean
    }
  | { readonly kind: 'changed'; readonly id: number; readonly file: number }
  | { readonly kind: 'verified'; readonly id: number; readonly pieces: readonly number[] }
  | { readonly kind: 'missing'; readonly id: number; readonly pieces: readonly number[] }
  /** waits for `replace` */
  | { readonly kind: 'replacing'; readonly id: number; readonly file: number; readonly copy: FileId }
  | { readonly kind: 'diskFull'; readonly id: number; readonly refusal: Refusal }
  | { readonly kind: 'diskReady'; readonly id: number }
  | { readonly kind: 'stats'; readonly id: number; readonly stats: SwarmStats }
  | { readonly kind: 'goodPeers'; readonly id: number; readonly peers: readonly GoodPeer[] }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: EngineFailure }
  | { readonly kind: 'closed'; readonly id: number }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly message: string
      readonly fields?: LogFields
    }
