import { messageOf } from '../../domain/errors.ts'
import type { Log } from '../../observe/log.ts'
import { type KeptTrackers, saveKeptTrackers } from '../../storage/folder-state.ts'
import { writing } from '../../storage/torrent-folder.ts'

/** Writes down the trackers of a private torrent, so that after a restart it is told to these and to no others. */
export class TrackerKeeper {
  readonly #log: Log
  /** as they are on disk */
  #kept: string
  #turn: Promise<void> = Promise.resolve()

  /** @param kept - by an earlier run */
  constructor(kept: KeptTrackers | undefined, log: Log) {
    this.#kept = JSON.stringify(kept)
    this.#log = log
  }

  /** Resolves when they are on disk, or cannot be written now; then it is tried again with the next call. */
  keep(directory: string, trackers: KeptTrackers): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const text = JSON.stringify(trackers)
      if (trackers.urls.length === 0 || text === this.#kept) return
      try {
        await writing(directory, () => saveKeptTrackers(directory, trackers))
        this.#kept = text
      } catch (error) {
        this.#log.debug('trackers not written down', { directory, reason: messageOf(error) })
      }
    })
    return this.#turn
  }
}
