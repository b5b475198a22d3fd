import pLimit from 'p-limit'
import { refusalOf } from '../disk/disk-errors.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { messageOf } from '../domain/errors.ts'
import { forEachParallel } from '../lib/for-each-parallel.ts'
import type { Log } from '../observe/log.ts'
import type { IndexDisk } from './index-disk.ts'
import type { IndexEntries } from './index-entries.ts'
import type { IndexTable } from './torrent-table.ts'

const FLUSH_MS = 5_000

/**
 * Writes changes of the index down: usage to the folder of the torrent, so that it survives the loss of the table, and
 * entries to the table. What cannot be written, as on a full disk, is tried again later.
 */
export class IndexWriter implements AsyncDisposable {
  readonly #disk: IndexDisk
  readonly #entries: IndexEntries
  readonly #table: IndexTable
  readonly #log: Log
  readonly #oneAtATime = pLimit(1)
  readonly #timer: NodeJS.Timeout

  constructor(disk: IndexDisk, entries: IndexEntries, table: IndexTable, log: Log) {
    this.#disk = disk
    this.#entries = entries
    this.#table = table
    this.#log = log
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS)
  }

  /** Resolves when all earlier changes were written or have failed. */
  flush(): Promise<void> {
    return this.#oneAtATime(async () => {
      await forEachParallel(this.#entries.takeUnsaved(), (infoHash) => this.#saveUsage(infoHash))
      await this.#writeRows()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
  }

  async #saveUsage(infoHash: InfoHash): Promise<void> {
    const entry = this.#entries.get(infoHash)
    if (!entry) return
    try {
      await this.#disk.saveUsage(entry.contents.directory, entry.usage)
      this.#entries.noteSaved(infoHash)
    } catch (error) {
      // The folder is gone, and the next check removes the entry.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
      const isNews = this.#entries.noteUnsaved(infoHash)
      // A disk that refuses writes is reported by clean-up.
      const level = isNews && !refusalOf(error) ? 'warn' : 'debug'
      this.#log[level]('usage of a torrent not saved', { infoHash, reason: messageOf(error) })
    }
  }

  async #writeRows(): Promise<void> {
    const unlisted = this.#entries.takeUnlisted()
    const rows = await Promise.all(
      unlisted.map(async (infoHash) => {
        const entry = this.#entries.get(infoHash)
        // Read before the row is made: a note that is written after this makes the row an old one.
        const notedAt = entry && (await this.#disk.lastNotedAt(entry.contents.directory))
        const current = this.#entries.get(infoHash)
        return { infoHash, row: current && notedAt !== undefined ? { ...current, notedAt } : undefined }
      }),
    )
    if (!this.#table.write(rows)) this.#entries.noteUnlisted(unlisted)
  }
}
