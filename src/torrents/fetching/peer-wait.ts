import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../../domain/errors.ts'
import { isTimeOver } from '../../lib/deadline.ts'
import type { WithoutPeers } from '../without-peers.ts'
import type { TorrentTrackers } from './torrent-trackers.ts'

/** Remembers for one torrent that a wait for peers was in vain, so that the next request need not wait as long. */
export class PeerWait {
  readonly #infoHash: InfoHash
  readonly #withoutPeers: WithoutPeers
  readonly #trackers: TorrentTrackers

  constructor(infoHash: InfoHash, withoutPeers: WithoutPeers, trackers: TorrentTrackers) {
    this.#infoHash = infoHash
    this.#withoutPeers = withoutPeers
    this.#trackers = trackers
  }

  /** @throws SelfStremeError `media.no_peers` if the last wait has just ended */
  mustBeWorthIt(): void {
    if (this.#withoutPeers.isOfNoUse(this.#infoHash, this.#trackers.urls))
      throw new SelfStremeError('media.no_peers', `no peer gave ${this.#infoHash} a moment ago`)
  }

  /** Passes on an answer that only peers can give; notes when it did not come in the signal's time. */
  async during<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (isTimeOver(signal)) this.noteInVain()
      throw error
    }
  }

  noteInVain(): void {
    this.#withoutPeers.note(this.#infoHash, this.#trackers.urls)
  }

  /** A peer is connected. */
  notePeer(): void {
    this.#withoutPeers.forget(this.#infoHash)
  }
}
