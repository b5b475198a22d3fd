import { messageOf } from '../../domain/errors.ts'
import type { Log } from '../../observe/log.ts'
import { type KeptTrackers, saveKeptTrackers } from '../../storage/folder-state.ts'
import { writing } from '../../storage/torrent-folder.ts'

/** Saves the trackers of a private torrent, so that after a restart it is announced to these and no others. */
export class TrackerKeeper {
  readonly #log: Log
  /** what is on disk, as JSON */
  #kept: string
  #turn: Promise<void> = Promise.resolve()

  /** @param kept - saved by an earlier run */
  constructor(kept: KeptTrackers | undefined, log: Log) {
    this.#kept = JSON.stringify(kept)
    this.#log = log
  }

  /** Resolves when they are saved, or cannot be; the next call tries again. */
  keep(directory: string, trackers: KeptTrackers): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      const text = JSON.stringify(trackers)
      if (trackers.urls.length === 0 || text === this.#kept) return
      try {
        await writing(directory, () => saveKeptTrackers(directory, trackers))
        this.#kept = text
      } catch (error) {
        this.#log.debug('trackers not saved', { directory, reason: messageOf(error) })
      }
    })
    return this.#turn
  }
}
