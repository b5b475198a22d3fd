import { messageOf } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import type { SwarmSlots } from './swarm-slots.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { TorrentRegistry } from './torrent-registry.ts'

const SWEEP_MS = 5_000
/** How long an idle torrent stays in the swarm: players close and open connections all the time. */
const LINGER_MS = 60_000

/** What the sweeper looks at. */
export interface Swept {
  /** stay in the swarm with complete files */
  readonly seed: boolean
  readonly registry: TorrentRegistry<Torrent>
  readonly slots: SwarmSlots
  readonly index: Pick<TorrentIndexPort, 'contents'>
}

/** Saves what has changed, unloads torrents that are idle for a while, and fills free slots with films to share. */
export class TorrentSweeper implements Disposable {
  readonly #swept: Swept
  readonly #log: Log
  readonly #timer: NodeJS.Timeout

  constructor(swept: Swept, log: Log) {
    this.#swept = swept
    this.#log = log
    this.#timer = setInterval(() => void this.sweep(), SWEEP_MS)
  }

  /** One round; runs every 5 s by itself. */
  async sweep(): Promise<void> {
    const { registry, seed } = this.#swept
    for (const torrent of registry.all())
      if (registry.find(torrent.infoHash) === torrent) await this.#sweepOne(torrent)
    if (seed) await this.#shareOneMore()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  async #sweepOne(torrent: Torrent): Promise<void> {
    await torrent.known?.fetching.checkFiles()
    await torrent.save()
    // There is nothing to keep while the metadata is not known.
    const lingerMs = torrent.info ? LINGER_MS : 0
    const isResting =
      torrent.isIdle && !torrent.swarm.isLookingForPeers && Date.now() - torrent.users.lastUsedAt > lingerMs
    if (!isResting || (this.#swept.seed && torrent.isInSwarm)) return
    await torrent.leaveSwarm()
    // What could not be saved is tried again in the next round.
    if (torrent.isIdle && torrent.isSaved) this.#swept.registry.forget(torrent)
  }

  /** Joins the swarm of one more torrent that has a complete file, if a slot is free. */
  async #shareOneMore(): Promise<void> {
    const { slots, index, registry } = this.#swept
    const { taken } = slots
    if (!slots.hasFree) return
    for (const { infoHash, files } of index.contents()) {
      const hasComplete = Object.values(files).some(({ wholeMtimeMs }) => wholeMtimeMs !== undefined)
      if (!hasComplete || taken.some((torrent) => torrent.infoHash === infoHash)) continue
      try {
        const torrent = await registry.acquire(infoHash, undefined, (acquired) => acquired)
        using _lease = torrent.users.lease()
        // Its metadata may have been damaged since.
        if (torrent.info) return await torrent.join()
      } catch (error) {
        this.#log.debug('film not shared', { infoHash, reason: messageOf(error) })
      }
    }
  }
}
