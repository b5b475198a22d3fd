import { refusalOf } from '../disk/disk-errors.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { releaseFolder, removeFolder } from '../files/clear-folder.ts'
import type { Log } from '../observe/log.ts'
import { LOG_MESSAGES } from '../observe/log-messages.ts'
import { locateFolder } from '../storage/torrent-folder.ts'
import type { KnownLately } from './held-torrents.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { TorrentRegistry } from './torrent-registry.ts'

export interface RemovalResult {
  readonly removed: number
  readonly freedBytes: number
}

/** What removal has to know. */
export interface RemovalContext {
  /** download folder */
  readonly root: string
  readonly registry: TorrentRegistry<Torrent>
  readonly index: TorrentIndexPort
  readonly knownLately: KnownLately
  /** Whether a file of the torrent is being read. */
  isUsed(infoHash: InfoHash): boolean
}

/** Takes torrents off the disk, or out of our care. Torrents that are being read stay. */
export class TorrentRemoval {
  readonly #context: RemovalContext
  readonly #log: Log

  constructor(context: RemovalContext, log: Log) {
    this.#context = context
    this.#log = log
  }

  /**
   * Deletes the files of torrents.
   *
   * @param isKept - asked right before each is deleted
   */
  async remove(
    infoHashes: readonly InfoHash[],
    isKept: (infoHash: InfoHash) => boolean = () => false,
  ): Promise<RemovalResult> {
    let removed = 0
    let freedBytes = 0
    for (const infoHash of infoHashes) {
      const clear = (directory: string) => this.#removeFiles(infoHash, directory)
      const freed = await this.#clear(infoHash, clear, isKept)
      if (freed === undefined) continue
      removed++
      freedBytes += freed
    }
    return { removed, freedBytes }
  }

  /**
   * Gives the folder of a torrent to the user: its files stay and are no longer ours.
   *
   * @returns the folder, or `undefined` if there is none, or the torrent is being read
   */
  release(infoHash: InfoHash): Promise<string | undefined> {
    return this.#clear(infoHash, async (directory) => {
      const files = Object.values(this.#context.index.find(infoHash)?.files ?? {})
      const complete = files.filter(({ wholeMtimeMs }) => wholeMtimeMs !== undefined)
      await releaseFolder(directory, new Set(complete.map(({ path }) => path)))
      this.#log.info(`Torrent given back: ${infoHash}`, { directory })
      return directory
    })
  }

  async #removeFiles(infoHash: InfoHash, directory: string): Promise<number> {
    const { freedBytes, left } = await removeFolder(directory)
    this.#log.info(LOG_MESSAGES.cleanedUp(infoHash), { freedBytes })
    if (left.length > 0)
      this.#log.warn('files that are not ours, or were changed, were not removed', {
        count: left.length,
        files: left.slice(0, 10),
      })
    return freedBytes
  }

  /** @returns `undefined` if there is no folder, the torrent is being read or kept, or the log says why it failed */
  #clear<R>(
    infoHash: InfoHash,
    clear: (directory: string) => Promise<R>,
    isKept: (infoHash: InfoHash) => boolean = () => false,
  ): Promise<R | undefined> {
    const { registry, index, knownLately, isUsed } = this.#context
    return registry.exclusively(infoHash, async (torrent) => {
      const directory = torrent?.directory ?? index.find(infoHash)?.directory
      if (isUsed(infoHash) || isKept(infoHash) || directory === undefined)
        return { isGone: false, result: undefined }
      try {
        await torrent?.leaveSwarm()
        const result = await clear(directory)
        await removeFolder(await locateFolder(this.#context.root, infoHash))
        knownLately.forget(infoHash)
        index.forget(infoHash)
        return { isGone: true, result }
      } catch (error) {
        this.#log[refusalOf(error) ? 'debug' : 'error']('torrent not removed', {
          infoHash,
          directory,
          reason: String(error),
        })
        return { isGone: false, result: undefined }
      }
    })
  }
}
