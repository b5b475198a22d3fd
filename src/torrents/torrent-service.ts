import type { DiskRoom } from '../disk/disk-room.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import type { Engine } from '../engine/engine.ts'
import type { Log } from '../observe/log.ts'
import { BroughtFiles } from './brought-files.ts'
import { AheadOfViewers, type FetchAhead } from './fetch-ahead.ts'
import { HeldTorrents, KnownLately } from './held-torrents.ts'
import { SwarmSlots } from './swarm-slots.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import { torrentLoader } from './torrent-loader.ts'
import { TorrentPlaces } from './torrent-places.ts'
import { TorrentRegistry } from './torrent-registry.ts'
import { type RemovalResult, TorrentRemoval } from './torrent-removal.ts'
import type { TorrentStream } from './torrent-stream.ts'
import { type StreamRequest, TorrentStreams } from './torrent-streams.ts'
import { TorrentSweeper } from './torrent-sweeper.ts'
import { WithoutPeers } from './without-peers.ts'

export interface TorrentServiceOptions {
  /** download folder; must exist, and no other program may work in it */
  readonly root: string
  readonly extraPaths: readonly string[]
  readonly trackers: readonly string[]
  readonly maxTorrents: number
  /** how long one attempt looks for peers */
  readonly peerSearchMs: number
  /** how long a reader waits for its first piece */
  readonly firstPieceMs: number
  readonly maxRetries: number
  readonly stallTimeoutMs: number
  readonly seed: boolean
}

/** What the torrents work with. */
export interface TorrentServiceParts {
  readonly engine: Engine
  readonly index: TorrentIndexPort
  /** what may be fetched */
  readonly room: DiskRoom
  /** torrent files that sources know */
  readonly brought?: BroughtFiles
  /** torrents for which no peer was found lately */
  readonly withoutPeers?: WithoutPeers
}

export interface TorrentService extends FetchAhead, AsyncDisposable {
  /**
   * Opens a file of a torrent, from disk or from the swarm.
   *
   * @param magnetUri - magnet link or info hash; of the link, only hash and trackers count. Its trackers come from the
   * owner or a source; those of a viewer's link are `request.named`
   * @throws SelfStremeError `media.not_found`, `media.no_peers`, `torrent.invalid`, `torrent.busy`,
   * `torrent.bad_path`, `disk.full`, `disk.read_only`, `disk.failed`, `engine.down`, or the signal's reason
   */
  getStream(magnetUri: string, request?: StreamRequest): Promise<TorrentStream>
  /** The same for a file that is complete on disk; `undefined` if it is not. Asks no peer. */
  findWhole(infoHash: InfoHash, choice?: FileChoice): Promise<TorrentStream | undefined>
  /** Whether a request reads it, or waits to. */
  isUsed(infoHash: InfoHash): boolean
  /** Whether a download holds it. */
  isAwaited(infoHash: InfoHash): boolean
  /** Whether a guess holds it. */
  isGuessed(infoHash: InfoHash): boolean
  /** Whether the metadata is known without the swarm, and with it whether the torrent is private. */
  isKnown(infoHash: InfoHash): boolean
  /** Whether the metadata is known, or was lately: what the torrent consists of is known, and peers have it. */
  isAtHand(infoHash: InfoHash): boolean
  /** Tells the index how much is on disk of what is being fetched. */
  measure(): Promise<void>
  /** Removes torrents from disk, except those that are being read. */
  remove(infoHashes: readonly InfoHash[], isKept?: (infoHash: InfoHash) => boolean): Promise<RemovalResult>
  /**
   * Gives a torrent's folder to the user: its files stay and are no longer ours.
   *
   * @returns the folder, or `undefined` if there is none, or the torrent is being read
   */
  release(infoHash: InfoHash): Promise<string | undefined>
}

/** Puts the parts together; dispose of it to save what has changed. */
export function openTorrentService(
  options: TorrentServiceOptions,
  parts: TorrentServiceParts,
  log: Log,
): TorrentService {
  const { root, extraPaths, maxTorrents, seed } = options
  const { index, room, brought = new BroughtFiles(), withoutPeers = new WithoutPeers() } = parts
  const knownLately = new KnownLately()
  const slots = new SwarmSlots(maxTorrents, () => registry.all(), log)
  const places = new TorrentPlaces(options, index, room, log)
  const loaderParts = { ...parts, places, slots, brought, withoutPeers, knownLately }
  const registry = new TorrentRegistry(torrentLoader(options, loaderParts, log))
  const torrents = new HeldTorrents(registry, brought, knownLately)
  const streams = new TorrentStreams(extraPaths, torrents, index)
  const ahead = new AheadOfViewers({ root, extraPaths }, torrents, index)
  const usersOf = (infoHash: InfoHash) => registry.find(infoHash)?.users
  const isUsed = (infoHash: InfoHash) => streams.isReading(infoHash) || usersOf(infoHash)?.isUsed === true
  const removal = new TorrentRemoval({ root, registry, index, knownLately, isUsed }, log)
  const sweeper = new TorrentSweeper({ seed, registry, slots, index }, log)
  const closing = new AbortController()
  void followRoom(room.changes(closing.signal), registry)
  return {
    placeFor: (admission) => ahead.placeFor(admission),
    admit: (admission) => ahead.admit(admission),
    infoOf: (infoHash) => ahead.infoOf(infoHash),
    whenInfo: (request, signal) => ahead.whenInfo(request, signal),
    fetch: (request, signal) => ahead.fetch(request, signal),
    needOf: (infoHash, portion) => ahead.needOf(infoHash, portion),
    activityOf: (infoHash) => ahead.activityOf(infoHash),
    getStream: (magnetUri, request) => streams.open(magnetUri, request),
    findWhole: (infoHash, choice) => streams.findWhole(infoHash, choice),
    isUsed,
    isAwaited: (infoHash) => usersOf(infoHash)?.isAwaited === true,
    isGuessed: (infoHash) => usersOf(infoHash)?.isGuessed === true,
    isKnown: (infoHash) =>
      brought.has(infoHash) ||
      registry.find(infoHash)?.info !== undefined ||
      (index.find(infoHash)?.length ?? 0) > 0,
    isAtHand: (infoHash) => torrents.isAtHand(infoHash),
    async measure() {
      for (const torrent of registry.all()) if (torrent.isInSwarm) await torrent.known?.content.measure()
    },
    remove: (infoHashes, isKept) => removal.remove(infoHashes, isKept),
    release: (infoHash) => removal.release(infoHash),
    async [Symbol.asyncDispose]() {
      sweeper[Symbol.dispose]()
      await Promise.all(registry.all().map((torrent) => torrent.save(true)))
      closing.abort()
    },
  }
}

/** Writes and fetches again what waits for space, whenever there may be some. */
async function followRoom(changes: AsyncIterable<void>, registry: TorrentRegistry<Torrent>): Promise<void> {
  for await (const _ of changes) for (const torrent of registry.all()) torrent.onRoom()
}
