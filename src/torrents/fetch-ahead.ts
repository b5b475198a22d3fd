import { dirname } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { SwarmStats } from '../engine/engine.ts'
import { readContents } from '../storage/contents.ts'
import { readMetainfo, tryParse } from '../storage/torrent-folder.ts'
import { allowedPath } from './extra-paths.ts'
import type { Portion } from './fetching/file-part.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'

/** A torrent that somebody wants to have, whether or not anybody watches it. */
export interface Admission {
  readonly infoHash: InfoHash
  /** its metadata, where no peer has to be asked for it: nothing but `info`, and of this torrent */
  readonly metainfo?: Uint8Array | undefined
  /** those of the torrent file or the magnet link, as they came */
  readonly trackers?: readonly string[] | undefined
  /** put it there instead of the download folder; must lie under one of the extra paths */
  readonly path?: string | undefined
}

export interface SwarmRequest {
  readonly infoHash: InfoHash
  /** asked besides the configured ones */
  readonly trackers: readonly string[]
  /** Nobody asked for it: it gives way not only to viewers, but to all who did. */
  readonly isGuess?: boolean
}

export interface FetchRequest extends SwarmRequest, Portion {}

/** What is going on with a torrent right now. */
export interface Activity extends SwarmStats {
  readonly isInSwarm: boolean
  /** in the swarm to get something */
  readonly isFetching: boolean
  /** files that are being fetched, or that somebody watches */
  readonly wanted: ReadonlySet<number>
}

/**
 * Torrents that nobody has to watch. What is fetched in this way gives way to viewers: it comes in the background, and
 * where the swarm has room for no more torrents it is put aside for one that is watched.
 */
export interface FetchAhead {
  /**
   * Where a torrent lies, or would be put: a folder, that need not exist yet.
   *
   * @throws SelfStremeError `torrent.bad_path`, `cache.elsewhere` if it has another place already
   */
  placeFor(admission: Admission): Promise<string>
  /**
   * Makes a place for a torrent on disk, where what is wished of it can be noted.
   *
   * @throws SelfStremeError as {@link placeFor}, and `disk.full`, `disk.failed`
   */
  admit(admission: Admission): Promise<void>
  /** The metadata of one that has a place on disk, if it is known. Asks no peer. */
  infoOf(infoHash: InfoHash): Promise<TorrentInfo | undefined>
  /**
   * The metadata, from a peer if need be.
   *
   * @throws SelfStremeError `media.no_peers`, `torrent.busy`, `torrent.invalid`, `engine.down` and others, or the
   * signal's reason
   */
  whenInfo(request: SwarmRequest, signal: AbortSignal): Promise<TorrentInfo>
  /** Resolves when the files are whole, and the parts there. @throws the same */
  fetch(request: FetchRequest, signal: AbortSignal): Promise<void>
  /**
   * How much of some bytes is there, counted in whole pieces; `undefined` where the metadata is not known. Asks no peer.
   */
  needOf(
    infoHash: InfoHash,
    portion: Portion,
  ): Promise<{ readonly bytes: number; readonly missingBytes: number } | undefined>
  /** `undefined` for a torrent that is at rest. */
  activityOf(infoHash: InfoHash): Activity | undefined
}

/** What it needs of whoever keeps the torrents. */
export interface Torrents {
  /** download folder */
  readonly root: string
  readonly extraPaths: readonly string[]
  /** the configured ones */
  readonly trackers: readonly string[]
  /** One torrent for an info hash; it stays until the lease is returned. */
  acquire(
    infoHash: InfoHash,
    base?: string,
  ): Promise<{ readonly torrent: Torrent; readonly lease: Disposable }>
  /** One that is in memory. */
  loaded(infoHash: InfoHash): Torrent | undefined
}

export function fetchAhead(torrents: Torrents, index: TorrentIndexPort): FetchAhead {
  /** Does something with a torrent that stays in memory, but may be put aside or removed meanwhile. */
  async function attending<T>(
    { infoHash, trackers, isGuess = false }: SwarmRequest,
    work: (torrent: Torrent, purpose: 'fetch' | 'guess') => Promise<T>,
  ): Promise<T> {
    const purpose = isGuess ? 'guess' : 'fetch'
    const { torrent, lease } = await torrents.acquire(infoHash)
    using _attending = torrent.users.attend(purpose)
    lease[Symbol.dispose]()
    torrent.addTrackers(trackers)
    return await work(torrent, purpose)
  }

  /** @returns the folder that the torrent's own is put in, if one was named */
  async function baseOf({ path }: Admission): Promise<string | undefined> {
    return path === undefined ? undefined : await allowedPath(path, torrents.extraPaths)
  }

  return {
    async placeFor(admission) {
      const { infoHash } = admission
      const base = await baseOf(admission)
      const known = torrents.loaded(infoHash)?.directory ?? index.find(infoHash)?.directory
      if (known !== undefined) mustLieIn(base, known)
      return known ?? base ?? torrents.root
    },
    async admit(admission) {
      const { infoHash, metainfo, trackers = [] } = admission
      const base = await baseOf(admission)
      const { torrent, lease } = await torrents.acquire(infoHash, base)
      using _lease = lease
      mustLieIn(base, torrent.directory)
      if (!torrent.known) await torrent.metadata.makeFolder()
      if (metainfo) torrent.bring({ metainfo, trackers })
      else torrent.addTrackers(trackers)
      if (metainfo) await torrent.metadata.learn(metainfo)
      if (!index.find(infoHash)) index.put(await readContents(torrent))
    },
    async infoOf(infoHash) {
      const known = torrents.loaded(infoHash)?.info
      if (known) return known
      const directory = index.find(infoHash)?.directory
      const metainfo = directory === undefined ? undefined : await readMetainfo(directory)
      return metainfo && tryParse(metainfo)
    },
    whenInfo: (request, signal) =>
      attending(request, async (torrent, purpose) => {
        const { content } = await torrent.metadata.whenKnown(signal, purpose)
        return content.info
      }),
    fetch: ({ files, parts, ...request }, signal) =>
      attending(request, async (torrent, purpose) => {
        const { fetching } = await torrent.metadata.whenKnown(signal, purpose)
        await fetching.fetch({ files, parts }, purpose, signal)
      }),
    async needOf(infoHash, portion) {
      if (!torrents.loaded(infoHash) && !index.find(infoHash)) return undefined
      const { torrent, lease } = await torrents.acquire(infoHash)
      using _lease = lease
      return torrent.known?.fetching.need(portion)
    },
    activityOf(infoHash) {
      const torrent = torrents.loaded(infoHash)
      if (!torrent) return undefined
      const { isInSwarm, isFetching, swarm, known } = torrent
      return { ...swarm.stats, isInSwarm, isFetching, wanted: known?.plan.wanted ?? new Set() }
    },
  }
}

/** @throws SelfStremeError `cache.elsewhere` if a torrent lies in another folder than the one that was named */
function mustLieIn(base: string | undefined, directory: string): void {
  if (base === undefined || dirname(directory) === base) return
  throw new SelfStremeError('cache.elsewhere', `the torrent is in ${directory} already; remove it first`)
}
