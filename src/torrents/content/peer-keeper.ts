import type { GoodPeer } from '../../domain/bittorrent/good-peers.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Log } from '../../observe/log.ts'
import { type KeptPeers, saveGoodPeers } from '../../storage/folder-state.ts'
import { writing } from '../../storage/torrent-folder.ts'

/** A server that is killed loses the changes of this time; the first peers are saved at once. */
const SAVE_MS = 30_000

/** Keeps the peers that gave something with the torrent, so that after a restart it need not wait for a tracker. */
export class PeerKeeper {
  readonly #directory: string
  readonly #log: Log
  readonly #now: () => number
  #peers: readonly GoodPeer[]
  #isChanged: boolean
  #savedAt = Number.NEGATIVE_INFINITY
  #turn: Promise<void> = Promise.resolve()

  /**
   * @param found - the folder, with what an earlier run kept
   * @param now - ms, on a monotonic clock
   */
  constructor(
    { directory, goodPeers }: { readonly directory: string; readonly goodPeers?: KeptPeers | undefined },
    log: Log,
    now: () => number = () => performance.now(),
  ) {
    this.#directory = directory
    this.#log = log
    this.#now = now
    this.#peers = goodPeers?.peers ?? []
    this.#isChanged = goodPeers?.refused !== undefined
    if (goodPeers?.refused !== undefined)
      log.debug('kept peers of a torrent are not used', { directory, reason: goodPeers.refused })
  }

  get peers(): readonly GoodPeer[] {
    return this.#peers
  }

  /** These are to be kept from now on. They are saved at once, unless others were a moment ago. */
  note(peers: readonly GoodPeer[]): void {
    this.#peers = peers
    this.#isChanged = true
    void this.save()
  }

  /** Saves them if they have changed. Does not reject. @param isLast - even if others were saved a moment ago */
  save(isLast = false): Promise<void> {
    this.#turn = this.#turn.then(() => this.#save(isLast))
    return this.#turn
  }

  async #save(isLast: boolean): Promise<void> {
    if (!this.#isChanged || (!isLast && this.#now() - this.#savedAt < SAVE_MS)) return
    this.#isChanged = false
    this.#savedAt = this.#now()
    try {
      await writing(this.#directory, () => saveGoodPeers(this.#directory, this.#peers))
    } catch (error) {
      this.#isChanged = true
      this.#log.debug('peers not saved', { directory: this.#directory, reason: messageOf(error) })
    }
  }
}
