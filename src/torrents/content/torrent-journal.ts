import pLimit from 'p-limit'
import { refusalOf } from '../../disk/disk-errors.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Log } from '../../observe/log.ts'
import { type FolderState, saveBits, saveState, syncFiles } from '../../storage/folder-state.ts'

/** What a crash may cost: so much is fetched again, and what came while the disk was waited for. */
const MAX_UNSAVED_BYTES = 8 * 1024 * 1024

/**
 * Writes down what is known of a torrent's folder: which pieces are there, what is whole, when it was last read.
 * One save at a time; what changes meanwhile is for the next one.
 */
export class TorrentJournal {
  readonly #directory: string
  readonly #state: FolderState
  readonly #bits: () => Uint8Array
  readonly #onLost: () => void
  readonly #log: Log
  /** files written to since the bits were last saved */
  readonly #written = new Set<string>()
  #unsavedBytes = 0
  #isStateChanged = false
  readonly #oneAtATime = pLimit(1)

  /**
   * @param bits - which pieces are there now
   * @param onLost - what was written may not have come to the disk
   */
  constructor(directory: string, state: FolderState, bits: () => Uint8Array, onLost: () => void, log: Log) {
    this.#directory = directory
    this.#state = state
    this.#bits = bits
    this.#onLost = onLost
    this.#log = log
  }

  /** Pieces have come; after enough of them they are written down without being asked for. */
  notePieces(bytes: number, paths: readonly string[]): void {
    for (const path of paths) this.#written.add(path)
    this.#unsavedBytes += bytes
    if (this.#unsavedBytes >= MAX_UNSAVED_BYTES && !this.#isSaving) void this.save()
  }

  noteState(): void {
    this.#isStateChanged = true
  }

  get isSaved(): boolean {
    return this.#written.size === 0 && !this.#isStateChanged && !this.#isSaving
  }

  /** Resolves when everything that was noted before is on disk, or the log says why it is not: then it is tried again. */
  save(): Promise<void> {
    return this.#oneAtATime(() => this.#save())
  }

  get #isSaving(): boolean {
    return this.#oneAtATime.activeCount + this.#oneAtATime.pendingCount > 0
  }

  async #save(): Promise<void> {
    const written = [...this.#written]
    const isStateChanged = this.#isStateChanged
    this.#written.clear()
    this.#unsavedBytes = 0
    this.#isStateChanged = false
    try {
      if (written.length > 0) await this.#saveBits(written)
      if (isStateChanged) await saveState(this.#directory, this.#state)
    } catch (error) {
      // The folder is gone, and with it all that could be said of it.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      for (const path of written) this.#written.add(path)
      this.#isStateChanged ||= isStateChanged
      // Of a disk that takes nothing more, whoever looks after the disks tells.
      this.#log[refusalOf(error) ? 'debug' : 'warn']('state of a torrent not saved', {
        directory: this.#directory,
        reason: messageOf(error),
      })
    }
  }

  /** The data goes first, so that the bits never claim more than a power cut leaves. */
  async #saveBits(written: readonly string[]): Promise<void> {
    // They are taken before: a piece that comes during the sync is for the next time.
    const bits = this.#bits()
    try {
      await syncFiles(written)
    } catch (error) {
      this.#onLost()
      throw error
    }
    await saveBits(this.#directory, bits)
  }
}
