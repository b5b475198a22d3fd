import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { readTorrentInfo } from '../domain/bittorrent/read-torrent-info.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { Waiters } from '../lib/waiters.ts'
import type { Log } from '../observe/log.ts'
import { type FoundFolder, readFolder } from '../storage/read-folder.ts'
import { MetainfoKeeper } from './content/metainfo-keeper.ts'
import type { KnownTorrent } from './known-torrent.ts'
import type { TorrentHost } from './torrent-host.ts'
import type { Purpose } from './torrent-users.ts'

/** The torrent that comes to know its metadata. */
export interface Learner extends TorrentHost {
  readonly known: KnownTorrent | undefined
  /** The metadata is known, and its folder made. */
  learn(found: FoundFolder): KnownTorrent
  /** The metadata could not be saved, and does not count. */
  unlearn(known: KnownTorrent): void
  /** The metadata is saved: from now on the index can tell what is on disk. */
  onSaved(known: KnownTorrent): Promise<void>
  /** Gives the engine the metadata, and the folder if that has changed. */
  restartWith(metainfo: Uint8Array): Promise<void>
}

/** How a torrent comes to know its metadata: from a peer, a torrent file, or a folder that was put there. */
export class TorrentMetadata {
  readonly #torrent: Learner
  readonly #keeper: MetainfoKeeper
  readonly #waiters = new Waiters()
  /** from a torrent file; used when the metadata is needed */
  #brought: Uint8Array | undefined
  #directory: string
  /** one for all who wait for it */
  #learning: Promise<void> | undefined

  /**
   * @param directory - where the folder of the torrent is, or is to be
   * @param place - the same, as the disk is when it is called
   */
  constructor(torrent: Learner, directory: string, place: () => Promise<string>, log: Log) {
    this.#torrent = torrent
    this.#directory = directory
    this.#keeper = new MetainfoKeeper(place, torrent.room, log)
  }

  /** Where the folder is, or is to be. */
  get directory(): string {
    return this.#directory
  }

  /** Resolves when the metadata is saved; rejects if it cannot be. */
  get saved(): Promise<void> {
    return this.#keeper.kept
  }

  /**
   * The torrent with its metadata, from a peer if need be.
   *
   * @throws SelfStremeError `media.no_peers`, `torrent.busy`, `torrent.invalid`, `disk.full` and others, or the
   * signal's reason
   */
  async whenKnown(signal: AbortSignal, purpose: Purpose = 'watch'): Promise<KnownTorrent> {
    const torrent = this.#torrent
    if (!torrent.known) {
      await torrent.room.needForNotes()
      if (this.#brought) await this.learn(this.#brought)
    }
    if (!torrent.known) {
      if (purpose === 'watch') torrent.peerWait.mustBeWorthIt()
      await torrent.join(purpose)
      if (!torrent.known) await torrent.peerWait.during(this.#waiters.wait(signal), signal)
    }
    if (torrent.known) return torrent.known
    throw new SelfStremeError('media.no_peers', `the metadata of ${torrent.infoHash} is not known`)
  }

  /** Keeps the metadata of a torrent file until it is needed. */
  bring(metainfo: Uint8Array): void {
    if (!this.#torrent.known) this.#brought = metainfo
  }

  /**
   * Takes the metadata from a torrent file now.
   *
   * @param metainfo - of this torrent; nothing but `info`
   */
  async learn(metainfo: Uint8Array): Promise<void> {
    if (this.#torrent.known) return
    this.#learning ??= this.#learn(metainfo).finally(() => {
      this.#learning = undefined
    })
    await this.#learning
  }

  /**
   * Makes the torrent's folder and its files out of the metadata. Resolves when the metadata is saved.
   *
   * @throws SelfStremeError `torrent.invalid`, `disk.full`, `disk.failed`; the metadata is then unknown again
   */
  async receive(metainfo: Uint8Array): Promise<void> {
    const torrent = this.#torrent
    if (torrent.known) return
    const info = await readTorrentInfo(metainfo)
    if (torrent.known) return
    const directory = await this.makeFolder(info)
    const { directory: engines } = torrent.swarm
    // The user has put a folder where ours was to be.
    if (torrent.isInSwarm && engines !== undefined && engines !== directory)
      await torrent.restartWith(metainfo)
    // The folder of a torrent may have been put there while its metadata was looked for.
    const found = await readFolder(directory, torrent.infoHash)
    const empty: FoundFolder = { directory, metainfo, info, state: { whole: {} }, claimed: new Uint8Array() }
    const known = torrent.learn(found ?? empty)
    this.#brought = undefined
    // The first pieces are on their way while this is written.
    if (!found) this.#keeper.keep(directory, metainfo)
    this.#waiters.wakeAll()
    try {
      await this.saved
      await torrent.onSaved(known)
    } catch (error) {
      torrent.unlearn(known)
      known.content.pieces.fail(error)
      throw error
    }
  }

  /**
   * Makes the folder of the torrent.
   *
   * @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed`
   */
  async makeFolder(info?: TorrentInfo): Promise<string> {
    this.#directory = await this.#keeper.makeFolder(info)
    return this.#directory
  }

  /** Notes which files are ours before the torrent joins the swarm; on a read-only disk, what is there can be shared. */
  async adoptFiles(info: TorrentInfo): Promise<void> {
    try {
      await this.#keeper.noteOwnFiles(this.#directory, info)
    } catch (error) {
      if (!(error instanceof SelfStremeError && error.code === 'disk.read_only')) throw error
    }
  }

  /** The metadata will not come: all who wait for it get the error. */
  fail(error: SelfStremeError): void {
    this.#waiters.failAll(error)
  }

  /** Removes the folder if the metadata could not be saved in it; the engine must have closed its files. */
  discardUnsaved(): void {
    this.#keeper.discardUnkept()
  }

  async #learn(metainfo: Uint8Array): Promise<void> {
    await this.#torrent.restartWith(metainfo)
    await this.receive(metainfo)
  }
}
