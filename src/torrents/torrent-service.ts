import type { ByteRange } from '../domain/byte-range.ts'
import { chooseFile } from '../domain/choose-file.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { parseMagnet } from '../domain/magnet.ts'
import { allowedTrackers } from '../domain/tracker-url.ts'
import type { Engine } from '../engine/engine.ts'
import type { OpenFile } from '../files/open-files.ts'
import { readSlices } from '../files/read-slices.ts'
import type { Log } from '../observe/log.ts'
import { allowedPath } from './extra-paths.ts'
import { Torrent } from './torrent.ts'
import {
  listFolders,
  locateFolder,
  readFolder,
  readLocation,
  readState,
  removeFolder,
  writeLocation,
} from './torrent-folder.ts'

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

/** A file of a torrent, to be read while it is fetched. Holds the torrent until it is disposed of. */
export interface TorrentStream extends AsyncDisposable {
  readonly infoHash: InfoHash
  readonly fileIdx: number
  readonly name: string
  /** bytes */
  readonly size: number
  /** on our disk */
  readonly path: string
  /** Nothing of it is missing, and all of it was verified. */
  readonly isWhole: boolean
  /** Somebody else reads the file: counts like a {@link read}. */
  noteRead(): void
  /** Resolves when the first bytes of an answer are there, or a peer that can give them. */
  whenStartable(position: number, signal: AbortSignal): Promise<void>
  /** Exactly the bytes of the range, or an error; a slice lasts until the next one is asked for. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}

/** A torrent on disk, as clean-up sees it. */
export interface TorrentEntry {
  readonly infoHash: InfoHash
  /** epoch ms */
  readonly lastReadAt: number
  readonly isUsed: boolean
}

export interface CleanupResult {
  readonly removed: number
  readonly freedBytes: number
}

export interface TorrentService extends AsyncDisposable {
  /**
   * Opens a file of a torrent, out of the download folder or out of the swarm.
   *
   * @param magnetUri - magnet link or info hash; of the link, only hash and trackers count
   * @param fileIdx - counted over all files from 0; without it, the largest video
   * @param retryCount - tries to find peers that were made before, counted against the most there may be
   * @param customPath - put the torrent there instead; must lie under one of the extra paths
   * @throws SelfStremeError `media.not_found`, `media.no_peers`, `torrent.invalid`, `torrent.busy`,
   * `torrent.bad_path`, `disk.full`, `disk.failed`, `engine.down`, or the signal's reason
   */
  getStream(
    magnetUri: string,
    fileIdx?: number,
    retryCount?: number,
    customPath?: string,
    signal?: AbortSignal,
  ): Promise<TorrentStream>
  /** The same for a file that is whole on disk; `undefined` if it is not. Asks no peer. */
  findWhole(infoHash: InfoHash, fileIdx?: number): Promise<TorrentStream | undefined>
  /** All torrents on disk. */
  entries(): TorrentEntry[]
  /** Removes torrents from disk, but for those that somebody reads. */
  remove(infoHashes: readonly InfoHash[]): Promise<CleanupResult>
  /** Removes everything that nobody reads. */
  cleanup(): Promise<CleanupResult>
}

/** @param options.root - download folder; must exist, and nobody else may work in it */
export async function openTorrentService(
  options: TorrentServiceOptions,
  engine: Engine,
  log: Log,
): Promise<TorrentService> {
  const loaded = new Map<InfoHash, Promise<Torrent>>()
  /** the same once they are loaded */
  const torrents = new Map<InfoHash, Torrent>()
  const removing = new Map<InfoHash, Promise<unknown>>()
  const onDisk = new Map<InfoHash, { readonly directory: string; readonly lastReadAt: number }>()
  for (const { infoHash, directory } of await listFolders(options.root)) {
    onDisk.set(infoHash, { directory, lastReadAt: (await readState(directory)).lastReadAt })
  }

  const sweeper = setInterval(() => void sweep(), SWEEP_MS)

  async function getStream(
    magnetUri: string,
    fileIdx?: number,
    retryCount = 0,
    customPath?: string,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<TorrentStream> {
    const magnet = parseMagnet(magnetUri)
    if (!magnet)
      throw new SelfStremeError(
        'media.not_found',
        `"${magnetUri.slice(0, 80)}" is neither magnet link nor info hash`,
      )
    const base = customPath === undefined ? undefined : await allowedPath(customPath, options.extraPaths)
    const { torrent, lease: taken } = await acquire(magnet.infoHash, base)
    using lease = taken
    torrent.addTrackers(allowedTrackers(magnet.trackers, options.trackers))
    const { files } = await torrent.whenInfo(signal, retryCount)
    const chosen = chooseFile(files, fileIdx)
    if (chosen === undefined) {
      throw new SelfStremeError(
        'media.not_found',
        `${magnet.infoHash} has no video ${fileIdx ?? ''}`.trimEnd(),
      )
    }
    return streamOf(torrent, chosen, await torrent.openWhole(chosen), lease)
  }

  async function findWhole(infoHash: InfoHash, fileIdx?: number): Promise<TorrentStream | undefined> {
    if (!torrents.has(infoHash) && !onDisk.has(infoHash)) return undefined
    const { torrent, lease: taken } = await acquire(infoHash)
    using lease = taken
    const chosen = torrent.info && chooseFile(torrent.info.files, fileIdx)
    const whole = chosen === undefined ? undefined : await torrent.openWhole(chosen)
    return whole && chosen !== undefined ? streamOf(torrent, chosen, whole, lease) : undefined
  }

  /** @param whole - the file, if it is whole */
  function streamOf(
    torrent: Torrent,
    fileIdx: number,
    whole: OpenFile | undefined,
    taken: DisposableStack,
  ): TorrentStream {
    const file = torrent.info?.files[fileIdx]
    if (!file) throw new Error(`${torrent.infoHash} has no file ${fileIdx}`)
    const lease = taken.move()
    let expected: Disposable | undefined
    const noteRead = () => {
      torrent.noteUse(fileIdx, whole !== undefined)
      lease.use(torrent.watch(fileIdx))
    }
    return {
      infoHash: torrent.infoHash,
      fileIdx,
      name: file.name,
      size: file.length,
      path: torrent.pathOf(fileIdx),
      isWhole: whole !== undefined,
      noteRead,
      async whenStartable(position, signal) {
        if (whole) return
        expected = lease.use(torrent.expectReader(fileIdx, position))
        await torrent.whenStartable(fileIdx, position, signal)
      },
      read(range, signal) {
        noteRead()
        return whole
          ? readSlices(
              async () => whole.handle,
              range,
              async () => file.length,
              signal,
            )
          : torrent.readVerified(fileIdx, range, expected, signal)
      },
      async [Symbol.asyncDispose]() {
        lease.dispose()
        await whole?.[Symbol.asyncDispose]()
      },
    }
  }

  /** One torrent for an info hash, however many ask at once; it stays until the lease is returned. */
  async function acquire(
    infoHash: InfoHash,
    base?: string,
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
      // It may have been put aside or removed while we waited.
      if (removing.has(infoHash) || torrents.get(infoHash) !== torrent) continue
      const lease = new DisposableStack()
      lease.use(torrent.lease())
      return { torrent, lease }
    }
  }

  async function create(infoHash: InfoHash, base: string | undefined): Promise<Torrent> {
    const elsewhere = onDisk.get(infoHash)?.directory ?? (await readLocation(options.root, infoHash))
    const directory = elsewhere ?? (await locateFolder(base ?? options.root, infoHash))
    const found = await readFolder(directory, infoHash)
    if (base && !elsewhere) await writeLocation(options.root, infoHash, directory)
    const torrent = new Torrent(
      { ...options, infoHash, directory },
      found,
      engine,
      { makeRoom, isDryElsewhere, onDryChanged },
      log,
      Date.now(),
    )
    torrents.set(infoHash, torrent)
    if (!found) log.info(`Adding new torrent: magnet:?xt=urn:btih:${infoHash}`)
    return torrent
  }

  async function makeRoom(join: () => void): Promise<void> {
    for (;;) {
      const inSwarm = [...torrents.values()].filter((torrent) => torrent.isInSwarm)
      if (inSwarm.length < options.maxTorrents) return join()
      const idle = inSwarm
        .filter((torrent) => !torrent.isUsed)
        .sort((a, b) => a.lastReadAt - b.lastReadAt)
        .at(0)
      if (!idle) {
        throw new SelfStremeError(
          'torrent.busy',
          `${options.maxTorrents} torrents are in use (TORRENT_MAX_CONNECTIONS)`,
        )
      }
      log.info(`Putting torrent aside: ${idle.infoHash}`, { why: 'room for another one' })
      await idle.leaveSwarm()
    }
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
      await torrent.save()
      // Of one whose metadata never came there is nothing to keep.
      const lingerMs = torrent.info ? LINGER_MS : 0
      const isResting =
        torrent.isIdle && !torrent.isLookingForPeers && Date.now() - torrent.lastUsedAt > lingerMs
      if (!isResting || (options.seed && torrent.isInSwarm)) continue
      await torrent.leaveSwarm()
      if (torrent.isIdle) forget(torrent)
    }
  }

  function forget(torrent: Torrent): void {
    const { infoHash, directory, lastReadAt } = torrent
    torrents.delete(infoHash)
    loaded.delete(infoHash)
    if (torrent.info) onDisk.set(infoHash, { directory, lastReadAt })
  }

  function entries(): TorrentEntry[] {
    const all = new Map<InfoHash, TorrentEntry>()
    for (const [infoHash, { lastReadAt }] of onDisk)
      all.set(infoHash, { infoHash, lastReadAt, isUsed: false })
    for (const { infoHash, info, lastReadAt, isUsed } of torrents.values()) {
      if (info) all.set(infoHash, { infoHash, lastReadAt, isUsed })
    }
    return [...all.values()]
  }

  async function remove(infoHashes: readonly InfoHash[]): Promise<CleanupResult> {
    let removed = 0
    let freedBytes = 0
    for (const infoHash of infoHashes) {
      const freed = await removeOne(infoHash)
      if (freed === undefined) continue
      removed++
      freedBytes += freed
    }
    return { removed, freedBytes }
  }

  /** @returns bytes freed, or `undefined` if there is nothing to remove, or somebody reads it */
  async function removeOne(infoHash: InfoHash): Promise<number | undefined> {
    const torrent = await loaded.get(infoHash)?.catch(() => undefined)
    const directory = torrent?.directory ?? onDisk.get(infoHash)?.directory
    if (torrent?.isUsed || directory === undefined || removing.has(infoHash)) return undefined
    const { promise, resolve } = Promise.withResolvers<void>()
    // From here on whoever asks for it waits until it is gone.
    removing.set(infoHash, promise)
    try {
      await torrent?.leaveSwarm()
      const freedBytes = await removeFolder(directory)
      await removeFolder(await locateFolder(options.root, infoHash))
      torrents.delete(infoHash)
      loaded.delete(infoHash)
      onDisk.delete(infoHash)
      log.info(`Cleaned up torrent: ${infoHash}`, { freedBytes })
      return freedBytes
    } catch (error) {
      log.error('torrent not removed', { infoHash, directory, reason: String(error) })
      return undefined
    } finally {
      removing.delete(infoHash)
      resolve()
    }
  }

  return {
    getStream,
    findWhole,
    entries,
    remove,
    cleanup: () => remove(entries().map(({ infoHash }) => infoHash)),
    async [Symbol.asyncDispose]() {
      clearInterval(sweeper)
      await Promise.all([...torrents.values()].map((torrent) => torrent.save()))
    },
  }
}
