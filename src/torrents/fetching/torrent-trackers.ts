import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { allowedTrackers } from '../../domain/bittorrent/tracker-url.ts'
import type { Log } from '../../observe/log.ts'
import type { KeptTrackers } from '../../storage/folder-state.ts'
import { TrackerKeeper } from '../content/tracker-keeper.ts'
import { AnnounceList } from './announce-list.ts'

/** The trackers of one torrent: those to ask, and of a private torrent those on disk. */
export class TorrentTrackers {
  readonly #configured: readonly string[]
  readonly #list: AnnounceList
  readonly #keeper: TrackerKeeper
  readonly #log: Log

  /**
   * @param configured - asked for every torrent
   * @param kept - saved by an earlier run
   */
  constructor(configured: readonly string[], kept: KeptTrackers | undefined, log: Log) {
    this.#configured = configured
    this.#list = new AnnounceList(configured)
    this.#log = log
    this.#keeper = new TrackerKeeper(kept, log)
  }

  /** All that are asked, unless the torrent is private. */
  get urls(): string[] {
    return this.#list.urls
  }

  /** The torrent's own; a private torrent asks no others (BEP 27). */
  get own(): readonly string[] {
    return this.#list.ofTorrent.urls
  }

  /**
   * Adds those that a link or a list names; asked from the next attempt on.
   *
   * @param client - the client whose link named them; absent if a source or the owner did
   */
  add(urls: readonly string[], client?: string): void {
    const allowed = allowedTrackers(urls, this.#configured)
    if (client === undefined) this.#list.addFromSource(allowed)
    else this.#list.addFromClient(client, allowed)
  }

  /** Adds those of the torrent file. @returns whether the torrent's own have changed */
  addFromFile(urls: readonly string[]): boolean {
    const before = this.own.join()
    this.#list.addFromFile(allowedTrackers(urls, this.#configured))
    return this.own.join() !== before
  }

  /** Adds those that an earlier run saved. */
  restore({ urls, areOfFile }: KeptTrackers): void {
    if (areOfFile) this.addFromFile(urls)
    else this.add(urls)
  }

  /** Says in the log that a private torrent can meet no peers. */
  warnIfUnreachable({ infoHash, info }: { infoHash: InfoHash; info: TorrentInfo | undefined }): void {
    if (!info?.isPrivate || this.own.length > 0) return
    this.#log.warn(
      'a private torrent has no tracker of its own, so it meets no peers: add its torrent file',
      {
        infoHash,
      },
    )
  }

  /** Saves the own trackers of a private torrent, if they have changed. Does not reject. */
  save(directory: string): Promise<void> {
    return this.#keeper.keep(directory, this.#list.ofTorrent)
  }
}
