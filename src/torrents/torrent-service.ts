import { LRUCache } from 'lru-cache'
import type { DiskRoom } from '../disk/disk-room.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { chooseFile } from '../domain/choice/choose-file.ts'
import { type FileChoice, MAIN_FILE } from '../domain/choice/file-choice.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { isVideo } from '../domain/content-type.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { Engine } from '../engine/engine.ts'
import { OpenFiles } from '../files/open-files.ts'
import { Leases } from '../lib/leases.ts'
import type { Log } from '../observe/log.ts'
import { BroughtFiles } from './brought-files.ts'
import { chooseOnDisk } from './choose-on-disk.ts'
import { allowedPath } from './extra-paths.ts'
import { type FetchAhead, fetchAhead } from './fetch-ahead.ts'
import { partialStream } from './partial-stream.ts'
import { SwarmSlots } from './swarm-slots.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import { torrentLoader } from './torrent-loader.ts'
import { TorrentPlaces } from './torrent-places.ts'
import { TorrentRegistry } from './torrent-registry.ts'
import { type RemovalResult, TorrentRemoval } from './torrent-removal.ts'
import type { StreamParts, TorrentStream } from './torrent-stream.ts'
import { LINGER_MS, TorrentSweeper } from './torrent-sweeper.ts'
import { UseLog } from './use-log.ts'
import { openIfWhole, wholeStream } from './whole-stream.ts'
import { WithoutPeers } from './without-peers.ts'

const MAX_KNOWN_LATELY = 10_000

export interface TorrentServiceOptions {
  readonly root: string
  readonly extraPaths: readonly string[]
  readonly trackers: readonly string[]
  readonly maxTorrents: number
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly stallTimeoutMs: number
  readonly seed: boolean
}

export interface NamedTrackers {
  readonly trackers: readonly string[]
  /** counted as one: an address or a network, as `clientKey` says */
  readonly client: string
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
   * Opens a file of a torrent, out of the download folder or out of the swarm.
   *
   * @param magnetUri - magnet link or info hash; of the link, only hash and trackers count
   * @param retryCount - tries to find peers that were made before, counted against the most there may be
   * @param customPath - put the torrent there instead; must lie under one of the extra paths
   * @param named - trackers that only the link of a viewer names; those of the magnet link come from the user or a source
   * @param viewer - who asks; without one, it never has to give way to others
   * @throws SelfStremeError `media.not_found`, `media.no_peers`, `torrent.invalid`, `torrent.busy`,
   * `torrent.bad_path`, `disk.full`, `disk.read_only`, `disk.failed`, `engine.down`, or the signal's reason
   */
  getStream(
    magnetUri: string,
    choice?: FileChoice,
    retryCount?: number,
    customPath?: string,
    signal?: AbortSignal,
    named?: NamedTrackers,
    viewer?: Viewer,
  ): Promise<TorrentStream>
  /** The same for a file that is whole on disk; `undefined` if it is not. Asks no peer. */
  findWhole(infoHash: InfoHash, choice?: FileChoice): Promise<TorrentStream | undefined>
  /** Whether somebody reads it, or waits to. */
  isUsed(infoHash: InfoHash): boolean
  /** Whether it is being fetched because somebody asked for it. */
  isAwaited(infoHash: InfoHash): boolean
  /** Whether it is being fetched because somebody may want it. */
  isGuessed(infoHash: InfoHash): boolean
  /**
   * Whether somebody need not ask the swarm for it to know the metadata, and with it whether the torrent is private.
   */
  isKnown(infoHash: InfoHash): boolean
  /** Whether it is, or was lately, fetched or shared: what it consists of is known, and it can be had. */
  isAtHand(infoHash: InfoHash): boolean
  /** Looks at how much is on disk of what is being fetched. */
  measure(): Promise<void>
  /** Removes torrents from disk, but for those that somebody reads. */
  remove(infoHashes: readonly InfoHash[]): Promise<RemovalResult>
  /**
   * Gives a torrent's folder back to the user: what is in it stays, and is ours no longer.
   *
   * @returns where it lies, or `undefined` if there is none, or somebody reads it
   */
  release(infoHash: InfoHash): Promise<string | undefined>
}

/** @param options.root - download folder; must exist, and no other program may work in it */
export function openTorrentService(
  options: TorrentServiceOptions,
  parts: TorrentServiceParts,
  log: Log,
): TorrentService {
  const { engine, index, room, brought = new BroughtFiles(), withoutPeers = new WithoutPeers() } = parts
  const knownLately = new LRUCache<InfoHash, true>({ max: MAX_KNOWN_LATELY, ttl: LINGER_MS })
  /** complete files that are being read; their torrents need not be loaded */
  const completeReaders = new Leases()
  const files = new OpenFiles()
  const uses = new UseLog(log)
  const slots = new SwarmSlots(options.maxTorrents, () => registry.all(), log)
  const places = new TorrentPlaces(options, index, room, log)
  const loaderParts = { engine, index, room, places, slots, brought, withoutPeers, knownLately }
  const registry = new TorrentRegistry(torrentLoader(options, loaderParts, log))
  const removal = new TorrentRemoval({ root: options.root, registry, index, knownLately, isUsed }, log)
  const sweeper = new TorrentSweeper({ seed: options.seed, registry, slots, index }, log)
  room.onChange(() => {
    for (const torrent of registry.all()) torrent.onRoom()
  })

  async function getStream(
    magnetUri: string,
    choice: FileChoice = MAIN_FILE,
    retryCount = 0,
    customPath?: string,
    signal: AbortSignal = new AbortController().signal,
    named?: NamedTrackers,
    viewer?: Viewer,
  ): Promise<TorrentStream> {
    const magnet = parseMagnet(magnetUri)
    if (!magnet)
      throw new SelfStremeError(
        'media.not_found',
        `"${magnetUri.slice(0, 80)}" is neither magnet link nor info hash`,
      )
    const base = customPath === undefined ? undefined : await allowedPath(customPath, options.extraPaths)
    const { torrent, lease: taken } = await acquire(magnet.infoHash, base, viewer)
    using lease = taken
    torrent.addTrackers(magnet.trackers)
    if (named) torrent.addTrackers(named.trackers, named.client)
    const { content, reading } = await torrent.metadata.whenKnown(signal, 'watch', retryCount)
    const { info } = content
    knownLately.set(magnet.infoHash, true)
    const decision = chooseFile(info, choice)
    if (decision.kind === 'refused')
      throw new SelfStremeError('media.not_found', `${magnet.infoHash}: ${decision.reason}`, {
        details: { reason: decision.reason },
      })
    const { name = '', length: size = 0 } = info.files[decision.index] ?? {}
    const whole = await content.openWhole(decision.index)
    const parts = streamParts(
      { infoHash: torrent.infoHash, fileIdx: decision.index, name, size },
      content.pathOf(decision.index),
      whole !== undefined,
      lease.move(),
    )
    return whole ? wholeStream(parts, whole) : partialStream(parts, reading)
  }

  async function findWhole(
    infoHash: InfoHash,
    choice: FileChoice = MAIN_FILE,
  ): Promise<TorrentStream | undefined> {
    const info = async () => registry.find(infoHash)?.info ?? (await index.readInfo(infoHash))
    const known = await chooseOnDisk(choice, info)
    await registry.whenFree(infoHash)
    const contents = index.find(infoHash)
    const chosen = choice.kind === 'main' ? contents?.mainFile : known
    const file = chosen === undefined ? undefined : contents?.files[chosen]
    if (chosen === undefined || file?.wholeMtimeMs === undefined || !isVideo(file.name)) return undefined
    using lease = new DisposableStack()
    lease.use(completeReaders.take(infoHash))
    const whole = await openIfWhole(file, files)
    if (!whole) return undefined
    const { name, path, size } = file
    return wholeStream(
      streamParts({ infoHash, fileIdx: chosen, name, size }, path, true, lease.move()),
      whole,
    )
  }

  function streamParts(
    file: Pick<StreamParts, 'infoHash' | 'fileIdx' | 'name' | 'size'>,
    path: string,
    isWhole: boolean,
    lease: DisposableStack,
  ): StreamParts {
    let wasRead = false
    return {
      ...file,
      path,
      lease,
      noteRead() {
        index.noteRead(file.infoHash)
        if (wasRead) return
        wasRead = true
        uses.note({ ...file, path, isWhole })
        lease.defer(() => index.noteRead(file.infoHash))
      },
    }
  }

  /** The torrent for an info hash; it is not removed until the lease is returned. */
  function acquire(
    infoHash: InfoHash,
    base?: string,
    viewer?: Viewer,
  ): Promise<{ torrent: Torrent; lease: DisposableStack }> {
    return registry.acquire(infoHash, base, (torrent) => {
      if (torrent.info) knownLately.set(infoHash, true)
      const lease = new DisposableStack()
      lease.use(torrent.users.lease(viewer))
      const file = brought.find(infoHash)
      if (file) torrent.bring(file)
      return { torrent, lease }
    })
  }

  function isUsed(infoHash: InfoHash): boolean {
    return completeReaders.areTaken(infoHash) || registry.find(infoHash)?.users.isUsed === true
  }

  return {
    ...fetchAhead({ ...options, acquire, loaded: (infoHash) => registry.find(infoHash) }, index),
    getStream,
    findWhole,
    isUsed,
    isAwaited: (infoHash) => registry.find(infoHash)?.users.isAwaited === true,
    isKnown: (infoHash) =>
      brought.has(infoHash) ||
      registry.find(infoHash)?.info !== undefined ||
      (index.find(infoHash)?.length ?? 0) > 0,
    isAtHand: (infoHash) => registry.find(infoHash)?.info !== undefined || knownLately.has(infoHash),
    isGuessed: (infoHash) => registry.find(infoHash)?.users.isGuessed === true,
    async measure() {
      for (const torrent of registry.all()) if (torrent.isInSwarm) await torrent.known?.content.measure()
    },
    remove: (infoHashes) => removal.remove(infoHashes),
    release: (infoHash) => removal.release(infoHash),
    async [Symbol.asyncDispose]() {
      sweeper[Symbol.dispose]()
      await Promise.all(registry.all().map((torrent) => torrent.save()))
    },
  }
}
