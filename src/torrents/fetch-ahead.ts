import { dirname } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { SwarmStats } from '../engine/engine.ts'
import { readContents } from '../storage/contents.ts'
import { readMetainfo, tryParse } from '../storage/torrent-folder.ts'
import { allowedPath } from './extra-paths.ts'
import type { Portion } from './fetching/file-part.ts'
import type { HeldTorrents } from './held-torrents.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { LaterPurpose } from './torrent-users.ts'

/** A torrent to be put on disk, whether or not it is watched. */
export interface Admission {
  readonly infoHash: InfoHash
  /** nothing but `info`, and of this torrent; absent if a peer has to be asked for it */
  readonly metainfo?: Uint8Array | undefined
  /** of the torrent file or the magnet link, unchecked */
  readonly trackers?: readonly string[] | undefined
  /** folder for it in place of the download folder; must be under an extra path */
  readonly path?: string | undefined
}

export interface SwarmRequest {
  readonly infoHash: InfoHash
  /** asked in addition to the configured ones */
  readonly trackers: readonly string[]
  /** The download was not asked for: it gives way to viewers and to all that were. */
  readonly isGuess?: boolean
}

export interface FetchRequest extends SwarmRequest, Portion {}

/** What a torrent does now. */
export interface Activity extends SwarmStats {
  readonly isInSwarm: boolean
  /** in the swarm to get something */
  readonly isFetching: boolean
  /** files that are being fetched or watched */
  readonly wanted: ReadonlySet<number>
}

/**
 * Fetching without a viewer. It gives way to viewers: it runs in the background, and is suspended where a watched torrent
 * needs the slot.
 */
export interface FetchAhead {
  /**
   * The folder that a torrent is in, or would be put in; it need not exist yet.
   *
   * @throws SelfStremeError `torrent.bad_path`, `cache.elsewhere` if it has another place already
   */
  placeFor(admission: Admission): Promise<string>
  /**
   * Makes the folder of a torrent, so that the download can be noted in it.
   *
   * @throws SelfStremeError as {@link placeFor}, and `disk.full`, `disk.failed`
   */
  admit(admission: Admission): Promise<void>
  /** The metadata of a torrent that is on disk, if it is known. Asks no peer. */
  infoOf(infoHash: InfoHash): Promise<TorrentInfo | undefined>
  /**
   * The metadata, from a peer if need be.
   *
   * @throws SelfStremeError `media.no_peers`, `torrent.busy`, `torrent.invalid`, `engine.down` and others, or the
   * signal's reason
   */
  whenInfo(request: SwarmRequest, signal: AbortSignal): Promise<TorrentInfo>
  /** Resolves when the files are complete, and the parts on disk. @throws the same */
  fetch(request: FetchRequest, signal: AbortSignal): Promise<void>
  /**
   * How much of a portion is missing, counted in pieces; `undefined` if the metadata is not known. Asks no peer.
   */
  needOf(
    infoHash: InfoHash,
    portion: Portion,
  ): Promise<{ readonly bytes: number; readonly missingBytes: number } | undefined>
  /** `undefined` for a torrent that is not in memory. */
  activityOf(infoHash: InfoHash): Activity | undefined
}

/** Where torrents may lie. */
export interface AheadOptions {
  /** download folder */
  readonly root: string
  readonly extraPaths: readonly string[]
}

/** The torrents, for those who fetch without a viewer. */
export class AheadOfViewers implements FetchAhead {
  readonly #options: AheadOptions
  readonly #torrents: HeldTorrents
  readonly #index: TorrentIndexPort

  constructor(options: AheadOptions, torrents: HeldTorrents, index: TorrentIndexPort) {
    this.#options = options
    this.#torrents = torrents
    this.#index = index
  }

  async placeFor(admission: Admission): Promise<string> {
    const base = await this.#baseOf(admission)
    const { infoHash } = admission
    const known = this.#loaded(infoHash)?.directory ?? this.#index.find(infoHash)?.directory
    if (known !== undefined) mustBeIn(base, known)
    return known ?? base ?? this.#options.root
  }

  async admit(admission: Admission): Promise<void> {
    const { infoHash, metainfo, trackers = [] } = admission
    const base = await this.#baseOf(admission)
    const { torrent, lease } = await this.#torrents.acquire(infoHash, base)
    using _lease = lease
    mustBeIn(base, torrent.directory)
    if (!torrent.known) await torrent.metadata.makeFolder()
    if (metainfo) torrent.bring({ metainfo, trackers })
    else torrent.addTrackers(trackers)
    if (metainfo) await torrent.metadata.learn(metainfo)
    if (!this.#index.find(infoHash)) this.#index.put(await readContents(torrent))
  }

  async infoOf(infoHash: InfoHash): Promise<TorrentInfo | undefined> {
    const known = this.#loaded(infoHash)?.info
    if (known) return known
    const directory = this.#index.find(infoHash)?.directory
    const metainfo = directory === undefined ? undefined : await readMetainfo(directory)
    return metainfo && tryParse(metainfo)
  }

  whenInfo(request: SwarmRequest, signal: AbortSignal): Promise<TorrentInfo> {
    return this.#attending(request, async (torrent, purpose) => {
      const { content } = await torrent.metadata.whenKnown(signal, purpose)
      return content.info
    })
  }

  fetch({ files, parts, ...request }: FetchRequest, signal: AbortSignal): Promise<void> {
    return this.#attending(request, async (torrent, purpose) => {
      const { fetching } = await torrent.metadata.whenKnown(signal, purpose)
      await fetching.fetch({ files, parts }, purpose, signal)
    })
  }

  async needOf(infoHash: InfoHash, portion: Portion) {
    if (!this.#loaded(infoHash) && !this.#index.find(infoHash)) return undefined
    const { torrent, lease } = await this.#torrents.acquire(infoHash)
    using _lease = lease
    return torrent.known?.fetching.need(portion)
  }

  activityOf(infoHash: InfoHash): Activity | undefined {
    const torrent = this.#loaded(infoHash)
    if (!torrent) return undefined
    const { isInSwarm, isFetching, swarm, known } = torrent
    return { ...swarm.stats, isInSwarm, isFetching, wanted: known?.plan.wanted ?? new Set() }
  }

  #loaded(infoHash: InfoHash): Torrent | undefined {
    return this.#torrents.registry.find(infoHash)
  }

  /** Works with a torrent that stays in memory, but may be suspended or removed meanwhile. */
  async #attending<T>(
    { infoHash, trackers, isGuess = false }: SwarmRequest,
    work: (torrent: Torrent, purpose: LaterPurpose) => Promise<T>,
  ): Promise<T> {
    const purpose = isGuess ? 'guess' : 'fetch'
    const { torrent, lease } = await this.#torrents.acquire(infoHash)
    using _attending = torrent.users.attend(purpose)
    lease[Symbol.dispose]()
    torrent.addTrackers(trackers)
    return await work(torrent, purpose)
  }

  /** The extra path that was named, if any. */
  async #baseOf({ path }: Admission): Promise<string | undefined> {
    return path === undefined ? undefined : await allowedPath(path, this.#options.extraPaths)
  }
}

/** @throws SelfStremeError `cache.elsewhere` if a torrent is in another folder than the one that was named */
function mustBeIn(base: string | undefined, directory: string): void {
  if (base === undefined || dirname(directory) === base) return
  throw new SelfStremeError('cache.elsewhere', `the torrent is in ${directory} already; remove it first`)
}
