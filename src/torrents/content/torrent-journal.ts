import pLimit from 'p-limit'
import { refusalOf } from '../../disk/disk-errors.ts'
import { messageOf } from '../../domain/errors.ts'
import type { Log } from '../../observe/log.ts'
import type { FolderState } from '../../storage/folder-state.ts'
import type { ContentDisk } from './content-disk.ts'

/** A crash costs at most this much, and what came during a save: it is fetched again. */
const MAX_UNSAVED_BYTES = 8 * 1024 * 1024

/** What there is to save. */
export interface JournalSource {
  /** a bit for each piece that is on disk */
  bits(): Uint8Array
  /** which files are complete */
  state(): FolderState
  /** What was written lately may not be on the disk. */
  claimUnsynced(): void
}

interface JournalPlace {
  /** the torrent's folder */
  readonly directory: string
  readonly disk: Pick<ContentDisk, 'syncFiles' | 'saveBits' | 'saveState'>
}

/**
 * Saves which pieces of a torrent are on disk, and which files are complete. One save at a time; later changes are for
 * the next one.
 */
export class TorrentJournal {
  readonly #directory: string
  readonly #disk: JournalPlace['disk']
  readonly #source: JournalSource
  readonly #log: Log
  /** files written to since the bits were last saved */
  readonly #written = new Set<string>()
  #unsavedBytes = 0
  #isStateChanged = false
  readonly #oneAtATime = pLimit(1)

  constructor({ directory, disk }: JournalPlace, source: JournalSource, log: Log) {
    this.#directory = directory
    this.#disk = disk
    this.#source = source
    this.#log = log
  }

  /** Pieces have come; saves them by itself when they are many. */
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

  /** Resolves when everything noted so far is saved, or the log says why not: the next call tries again. */
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
      if (isStateChanged) await this.#disk.saveState(this.#directory, this.#source.state())
    } catch (error) {
      // The folder is gone: there is nothing left to save.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      for (const path of written) this.#written.add(path)
      this.#isStateChanged ||= isStateChanged
      // The clean-up logs full disks.
      this.#log[refusalOf(error) ? 'debug' : 'warn']('state of a torrent not saved', {
        directory: this.#directory,
        reason: messageOf(error),
      })
    }
  }

  /** The data goes first, so that the bits never claim more than a power cut leaves. */
  async #saveBits(written: readonly string[]): Promise<void> {
    // They are taken before: a piece that comes during the sync is for the next time.
    const bits = this.#source.bits()
    try {
      await this.#disk.syncFiles(written)
    } catch (error) {
      this.#source.claimUnsynced()
      throw error
    }
    await this.#disk.saveBits(this.#directory, bits)
  }
}
