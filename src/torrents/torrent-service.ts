import { refusalOf } from '../disk/disk-errors.ts'
import type { DiskRoom } from '../disk/disk-room.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { allowedTrackers } from '../domain/bittorrent/tracker-url.ts'
import { chooseFile } from '../domain/choice/choose-file.ts'
import type { Wish } from '../domain/choice/wish.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { isVideo } from '../domain/content-type.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import type { Origin } from '../domain/usage.ts'
import type { Engine } from '../engine/engine.ts'
import { releaseFolder, removeFolder } from '../files/clear-folder.ts'
import { OpenFiles } from '../files/open-files.ts'
import { Leases } from '../lib/leases.ts'
import type { Log } from '../observe/log.ts'
import { readFolder } from '../storage/folder-state.ts'
import { isOurs } from '../storage/mark.ts'
import { locateFolder, makeTorrentFolder, readLocation, writeLocation } from '../storage/torrent-folder.ts'
import { BroughtFiles } from './brought-files.ts'
import { allowedPath } from './extra-paths.ts'
import { type FetchAhead, fetchAhead } from './fetch-ahead.ts'
import { withRoom } from './fetching/with-room.ts'
import type { Shelf } from './index-port.ts'
import { partialStream } from './partial-stream.ts'
import { swarmPlaces } from './swarm-places.ts'
import { Torrent } from './torrent.ts'
import type { StreamParts, TorrentStream } from './torrent-stream.ts'
import { UseLog } from './use-log.ts'
import { openIfWhole, wholeStream } from './whole-stream.ts'
import { WithoutPeers } from './without-peers.ts'

const SWEEP_MS = 5_000
/** How long a torrent stays in the swarm when nobody reads: players close and open connections all the time. */
const LINGER_MS = 60_000

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

export interface RemovalResult {
  readonly removed: number
  readonly freedBytes: number
}

export interface TorrentService extends FetchAhead, AsyncDisposable {
  /**
   * Opens a file of a torrent, out of the download folder or out of the swarm.
   *
   * @param magnetUri - magnet link or info hash; of the link, only hash and trackers count
   * @param wanted - file, counted over all files from 0, or what to choose one by; without it, the largest video that
   * is no sample and no extra
   * @param retryCount - tries to find peers that were made before, counted against the most there may be
   * @param customPath - put the torrent there instead; must lie under one of the extra paths
   * @param named - trackers that only the link of a viewer names; those of the magnet link come from the user or a source
   * @param viewer - who asks; without one, it never has to give way to others
   * @throws SelfStremeError `media.not_found`, `media.no_peers`, `torrent.invalid`, `torrent.busy`,
   * `torrent.bad_path`, `disk.full`, `disk.read_only`, `disk.failed`, `engine.down`, or the signal's reason
   */
  getStream(
    magnetUri: string,
    wanted?: number | Wish,
    retryCount?: number,
    customPath?: string,
    signal?: AbortSignal,
    named?: NamedTrackers,
    viewer?: Viewer,
  ): Promise<TorrentStream>
  /** The same for a file that is whole on disk; `undefined` if it is not. Asks no peer. */
  findWhole(infoHash: InfoHash, wanted?: number | Wish): Promise<TorrentStream | undefined>
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

/**
 * @param options.root - download folder; must exist, and nobody else may work in it
 * @param shelf - what is on disk
 * @param room - what may be fetched
 * @param brought - torrent files that sources know
 * @param withoutPeers - what was waited for in vain
 */
export async function openTorrentService(
  options: TorrentServiceOptions,
  engine: Engine,
  shelf: Shelf,
  room: DiskRoom,
  log: Log,
  brought = new BroughtFiles(),
  withoutPeers = new WithoutPeers(),
): Promise<TorrentService> {
  const loaded = new Map<InfoHash, Promise<Torrent>>()
  /** the same once they are loaded */
  const torrents = new Map<InfoHash, Torrent>()
  const removing = new Map<InfoHash, Promise<unknown>>()
  /** when the metadata of a torrent was last known to somebody who used it, ms of the process' clock */
  const lastKnownAt = new Map<InfoHash, number>()
  /** those who read whole files, for which no torrent has to be loaded */
  const wholeReaders = new Leases()
  const files = new OpenFiles()
  const uses = new UseLog(log)
  const sweeper = setInterval(() => void sweep(), SWEEP_MS)
  room.onChange(() => {
    for (const torrent of torrents.values()) torrent.onRoom()
  })

  async function getStream(
    magnetUri: string,
    wanted?: number | Wish,
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
    torrent.addTrackers(allowedTrackers(magnet.trackers, options.trackers))
    if (named) torrent.addTrackers(allowedTrackers(named.trackers, options.trackers), named.client)
    const info = await torrent.whenInfo(signal, retryCount)
    lastKnownAt.set(magnet.infoHash, performance.now())
    const choice = chooseFile(info, typeof wanted === 'object' ? wanted : wishFor(wanted))
    if (choice.kind === 'refused')
      throw new SelfStremeError('media.not_found', `${magnet.infoHash}: ${choice.reason}`, {
        details: { reason: choice.reason },
      })
    const { name = '', length: size = 0 } = info.files[choice.index] ?? {}
    const whole = await torrent.openWhole(choice.index)
    const parts = streamParts(
      { infoHash: torrent.infoHash, fileIdx: choice.index, name, size },
      torrent.pathOf(choice.index),
      whole !== undefined,
      lease.move(),
    )
    return whole ? wholeStream(parts, whole) : partialStream(parts, torrent)
  }

  async function findWhole(infoHash: InfoHash, wanted?: number | Wish): Promise<TorrentStream | undefined> {
    const byWish = typeof wanted === 'object' ? await chooseOnDisk(infoHash, wanted) : wanted
    await removing.get(infoHash)
    const contents = shelf.find(infoHash)
    const chosen = wanted === undefined ? contents?.mainFile : byWish
    const file = chosen === undefined ? undefined : contents?.files[chosen]
    if (chosen === undefined || file?.wholeMtimeMs === undefined || !isVideo(file.name)) return undefined
    using lease = new DisposableStack()
    lease.use(wholeReaders.take(infoHash))
    const whole = await openIfWhole(file, files)
    if (!whole) return undefined
    const { name, path, size } = file
    return wholeStream(
      streamParts({ infoHash, fileIdx: chosen, name, size }, path, true, lease.move()),
      whole,
    )
  }

  /** The file that a wish means, of a torrent whose metadata is on disk; `undefined` if nothing there is meant. */
  async function chooseOnDisk(infoHash: InfoHash, wish: Wish): Promise<number | undefined> {
    const info = torrents.get(infoHash)?.info ?? (await shelf.readInfo(infoHash))
    const choice = info && chooseFile(info, wish)
    return choice?.kind === 'chosen' ? choice.index : undefined
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
        shelf.noteRead(file.infoHash)
        if (wasRead) return
        wasRead = true
        uses.note({ ...file, path, isWhole })
        lease.defer(() => shelf.noteRead(file.infoHash))
      },
    }
  }

  /** One torrent for an info hash, however many ask at once; it stays until the lease is returned. */
  async function acquire(
    infoHash: InfoHash,
    base?: string,
    viewer?: Viewer,
  ): Promise<{ torrent: Torrent; lease: DisposableStack }> {
    for (;;) {
      await removing.get(infoHash)
      let loading = loaded.get(infoHash)
      if (!loading) {
        loading = create(infoHash, base)
        loaded.set(infoHash, loading)
        loading.catch(() => loaded.delete(infoHash))
      }
      const torrent = await loading
      // Whatever happens to its folder from now on.
      if (torrent.info) lastKnownAt.set(infoHash, performance.now())
      if (torrent.info && !torrent.isUsed && !(await isOurs(torrent.directory))) await beginAnew(torrent)
      // It may have been put aside or removed while we waited.
      if (removing.has(infoHash) || torrents.get(infoHash) !== torrent) continue
      const lease = new DisposableStack()
      lease.use(torrent.lease(viewer))
      const file = brought.find(infoHash)
      if (file) torrent.bring(file)
      return { torrent, lease }
    }
  }

  /** Somebody took its folder away: what is known of it does not hold any more, and it begins anew. */
  async function beginAnew(torrent: Torrent): Promise<void> {
    const { infoHash, directory } = torrent
    if (removing.has(infoHash) || torrents.get(infoHash) !== torrent) return
    const { promise, resolve } = Promise.withResolvers<void>()
    removing.set(infoHash, promise)
    log.warn('the folder of a torrent is gone, it is begun anew', { infoHash, directory })
    if (torrent.known) brought.put(infoHash, torrent.known)
    try {
      await torrent.leaveSwarm()
      torrents.delete(infoHash)
      loaded.delete(infoHash)
      shelf.forget(infoHash)
    } finally {
      removing.delete(infoHash)
      resolve()
    }
  }

  async function create(infoHash: InfoHash, base: string | undefined): Promise<Torrent> {
    const directory = await placeOf(infoHash, base)
    const found = await readFolder(directory, infoHash)
    const torrent = new Torrent(
      { ...options, infoHash, directory },
      found,
      engine,
      {
        room,
        withoutPeers,
        place: () => placeOf(infoHash, base),
        makeRoom: swarmPlaces(options, () => torrents.values(), log),
        isDryElsewhere,
        onDryChanged,
        onContents: (contents) => shelf.put(contents, originOf(torrent)),
        onSeeders: (seeders) => shelf.noteSeeders(infoHash, seeders),
      },
      log,
      Date.now(),
    )
    torrents.set(infoHash, torrent)
    if (!found) log.info(`Adding new torrent: magnet:?xt=urn:btih:${infoHash}`)
    return torrent
  }

  /**
   * Where the folder of a torrent is, or is to be, as the disk is now.
   *
   * @param base - to be put there, if it has no place yet
   */
  async function placeOf(infoHash: InfoHash, base: string | undefined): Promise<string> {
    const known = shelf.find(infoHash)?.directory
    if (known !== undefined && (await isOurs(known))) return known
    const elsewhere = await readLocation(options, infoHash, (reason) =>
      log.warn('the place of a torrent is not taken', { reason }),
    )
    if (elsewhere !== undefined || base === undefined)
      return elsewhere ?? (await locateFolder(options.root, infoHash))
    const directory = await locateFolder(base, infoHash)
    // One that cannot be made must not be where it is looked for from then on.
    await withRoom(room, base, () => makeTorrentFolder(directory))
    await withRoom(room, options.root, () => writeLocation(options.root, infoHash, directory))
    return directory
  }

  function isDryElsewhere(than: Torrent): boolean {
    return [...torrents.values()].some((torrent) => torrent !== than && torrent.isDry)
  }

  function onDryChanged(changed: Torrent): void {
    for (const torrent of torrents.values()) if (torrent !== changed) torrent.replan()
  }

  /** Writes down what changed, and puts aside what nobody has used for a while. */
  async function sweep(): Promise<void> {
    for (const torrent of torrents.values()) {
      await torrent.lookAfterFetched()
      await torrent.save()
      // Of one whose metadata never came there is nothing to keep.
      const lingerMs = torrent.info ? LINGER_MS : 0
      const isResting =
        torrent.isIdle && !torrent.isLookingForPeers && Date.now() - torrent.lastUsedAt > lingerMs
      if (!isResting || (options.seed && torrent.isInSwarm)) continue
      await torrent.leaveSwarm()
      // What could not be written down is tried again with the next round.
      if (torrent.isIdle && torrent.isSaved) forget(torrent)
    }
    for (const [infoHash, at] of lastKnownAt)
      if (performance.now() - at > LINGER_MS) lastKnownAt.delete(infoHash)
    if (options.seed) await shareOneMore()
  }

  /** Shares one more film that is whole, if the swarm has room for its torrent. */
  async function shareOneMore(): Promise<void> {
    const inSwarm = [...torrents.values()].filter((torrent) => torrent.isInSwarm)
    if (inSwarm.length >= options.maxTorrents) return
    for (const { infoHash, files } of shelf.contents()) {
      const hasWhole = Object.values(files).some(({ wholeMtimeMs }) => wholeMtimeMs !== undefined)
      if (!hasWhole || inSwarm.some((torrent) => torrent.infoHash === infoHash)) continue
      try {
        const { torrent, lease } = await acquire(infoHash)
        using _lease = lease
        // Its metadata may have been damaged since.
        if (torrent.info) return await torrent.join()
      } catch (error) {
        log.debug('film not shared', { infoHash, reason: messageOf(error) })
      }
    }
  }

  function forget({ infoHash }: Torrent): void {
    torrents.delete(infoHash)
    loaded.delete(infoHash)
  }

  function isUsed(infoHash: InfoHash): boolean {
    return wholeReaders.areTaken(infoHash) || torrents.get(infoHash)?.isUsed === true
  }

  async function measure(): Promise<void> {
    for (const torrent of torrents.values()) if (torrent.isInSwarm) await torrent.measure()
  }

  async function remove(infoHashes: readonly InfoHash[]): Promise<RemovalResult> {
    let removed = 0
    let freedBytes = 0
    for (const infoHash of infoHashes) {
      const freed = await letGo(infoHash, async (directory) => {
        const { freedBytes, left } = await removeFolder(directory)
        log.info(`Cleaned up torrent: ${infoHash}`, { freedBytes })
        if (left.length > 0)
          log.warn('files that are not ours, or were changed, are left where they are', {
            count: left.length,
            files: left.slice(0, 10),
          })
        return freedBytes
      })
      if (freed === undefined) continue
      removed++
      freedBytes += freed
    }
    return { removed, freedBytes }
  }

  function release(infoHash: InfoHash): Promise<string | undefined> {
    return letGo(infoHash, async (directory) => {
      const files = Object.values(shelf.find(infoHash)?.files ?? {})
      const whole = files.filter(({ wholeMtimeMs }) => wholeMtimeMs !== undefined).map(({ path }) => path)
      await releaseFolder(directory, new Set(whole))
      log.info(`Torrent given back: ${infoHash}`, { directory })
      return directory
    })
  }

  /** @returns `undefined` if there is nothing to let go of, or somebody reads it */
  async function letGo<T>(
    infoHash: InfoHash,
    clear: (directory: string) => Promise<T>,
  ): Promise<T | undefined> {
    let torrent: Torrent | undefined
    do {
      await removing.get(infoHash)
      torrent = await loaded.get(infoHash)?.catch(() => undefined)
    } while (removing.has(infoHash))
    const directory = torrent?.directory ?? shelf.find(infoHash)?.directory
    if (isUsed(infoHash) || directory === undefined) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    // From here on whoever asks for it waits until it is gone.
    removing.set(infoHash, promise)
    try {
      await torrent?.leaveSwarm()
      const result = await clear(directory)
      await removeFolder(await locateFolder(options.root, infoHash))
      torrents.delete(infoHash)
      loaded.delete(infoHash)
      lastKnownAt.delete(infoHash)
      shelf.forget(infoHash)
      return result
    } catch (error) {
      log[refusalOf(error) ? 'debug' : 'error']('torrent not removed', {
        infoHash,
        directory,
        reason: String(error),
      })
      return undefined
    } finally {
      removing.delete(infoHash)
      resolve()
    }
  }

  return {
    ...fetchAhead({ ...options, acquire, loaded: (infoHash) => torrents.get(infoHash) }, shelf),
    getStream,
    findWhole,
    isUsed,
    isAwaited: (infoHash) => torrents.get(infoHash)?.isAwaited === true,
    isKnown: (infoHash) =>
      brought.has(infoHash) ||
      torrents.get(infoHash)?.info !== undefined ||
      (shelf.find(infoHash)?.length ?? 0) > 0,
    isAtHand: (infoHash) => torrents.get(infoHash)?.info !== undefined || lastKnownAt.has(infoHash),
    isGuessed: (infoHash) => torrents.get(infoHash)?.isGuessed === true,
    measure,
    remove,
    release,
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper)
      await Promise.all([...torrents.values()].map((torrent) => torrent.save()))
    },
  }
}

/** Why something new of it is on disk. */
function originOf({ isOnlyGuess }: Torrent): Origin {
  return isOnlyGuess ? 'ahead' : 'watched'
}

function wishFor(fileIdx: number | undefined): Wish {
  return fileIdx === undefined ? { kind: 'largest' } : { kind: 'file', fileIdx }
}
