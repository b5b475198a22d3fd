import { dirname } from 'node:path'
import pLimit from 'p-limit'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { messageOf } from '../domain/errors.ts'
import { forEachParallel } from '../lib/for-each-parallel.ts'
import type { Log } from '../observe/log.ts'
import type { Contents } from '../storage/contents.ts'
import { infoHashOfFolder, type ListedFolder } from '../storage/torrent-folder.ts'
import type { IndexDisk } from './index-disk.ts'
import type { IndexEntries } from './index-entries.ts'
import type { IndexTable } from './torrent-table.ts'

/** Compares the index with the download folder: at the start, and later for what other programs have changed. */
export class FolderScan {
  readonly #disk: IndexDisk
  readonly #entries: IndexEntries
  readonly #log: Log
  readonly #oneAtATime = pLimit(1)
  /** torrents whose folders are being read, to be added */
  readonly #reading = new Set<InfoHash>()

  constructor(disk: IndexDisk, entries: IndexEntries, log: Log) {
    this.#disk = disk
    this.#entries = entries
    this.#log = log
  }

  /** Fills the index: from the table where a folder is as the table says, else from the folder itself. */
  async load(table: IndexTable): Promise<void> {
    const listed = await this.#disk.list((reason) => this.#refuse(reason))
    const rows = table.read()
    await forEachParallel(listed, (folder) =>
      this.#surviving(folder.directory, 'warn', async () => {
        const row = rows.get(folder.infoHash)
        if (row?.notedAt === folder.notedAt && liesIn(row.contents, folder.directory)) {
          this.#entries.restore(row)
          if (!(await this.#disk.hasRecord(folder.directory))) await this.#adopt(folder)
        } else await this.#add(folder)
      }),
    )
    table.retainOnly(this.#entries.all().map(({ contents }) => contents.infoHash))
  }

  /** Examines everything: what was added, removed or changed by other programs. */
  check(signal?: AbortSignal): Promise<void> {
    return this.#oneAtATime(async () => {
      const known = this.#entries.all()
      const there = await this.#meetNew()
      const gone: Contents[] = []
      // One after the other: there is no hurry, and viewers read from the same disk.
      for (const { contents } of known) {
        if (signal?.aborted) return
        await this.#surviving(contents.directory, 'debug', async () => {
          const isThere =
            there.has(contents.infoHash) && (await this.#disk.lastNotedAt(contents.directory)) !== undefined
          if (!isThere) gone.push(contents)
          else if (this.#entries.isCurrent(contents)) await this.#checkFiles(contents)
        })
      }
      this.#lose(gone)
    })
  }

  /** Examines one folder. @param name - of the folder in the download folder */
  look(name: string): Promise<void> {
    return this.#oneAtATime(async () => {
      const infoHash = infoHashOfFolder(name)
      const contents = infoHash && this.#entries.get(infoHash)?.contents
      if (!contents) return this.#meet(name)
      if (!(await this.#disk.isThere(contents))) this.#lose([contents])
    })
  }

  /** A torrent was removed: what is being read of its folder does not count. */
  forget(infoHash: InfoHash): void {
    this.#reading.delete(infoHash)
  }

  /** Resolves when no scan is running. */
  async whenIdle(): Promise<void> {
    await this.#oneAtATime(async () => undefined)
  }

  /** Adds what is new in the download folder. @returns all torrents that have a folder there */
  async #meetNew(): Promise<ReadonlySet<InfoHash>> {
    const there = new Set<InfoHash>()
    for (const name of await this.#disk.names()) {
      const infoHash = infoHashOfFolder(name)
      if (!infoHash) continue
      there.add(infoHash)
      if (!this.#entries.get(infoHash)) await this.#surviving(name, 'debug', () => this.#meet(name))
    }
    return there
  }

  /** Adds a folder that another program has put there, if it is one of ours. */
  async #meet(name: string): Promise<void> {
    const folder = await this.#disk.look(name, (reason) => this.#refuse(reason))
    if (!folder || this.#entries.get(folder.infoHash)) return
    await this.#add(folder)
    this.#log.info('torrent found in the download folder', { infoHash: folder.infoHash })
  }

  async #add({ infoHash, directory }: ListedFolder): Promise<void> {
    this.#reading.add(infoHash)
    await this.#adopt({ infoHash, directory })
    const contents = await this.#disk.read({ infoHash, directory })
    const noted = await this.#disk.findUsage(directory)
    const usage = noted ?? (await this.#disk.readUsage(directory))
    const isRemoved = !this.#reading.delete(infoHash)
    if (isRemoved || this.#entries.get(infoHash)) return
    this.#entries.add({ contents, usage }, noted !== undefined)
  }

  async #adopt({ infoHash, directory }: Pick<ListedFolder, 'infoHash' | 'directory'>): Promise<void> {
    try {
      await this.#disk.adopt({ infoHash, directory })
      if (this.#entries.get(infoHash)) this.#entries.noteUnlisted([infoHash])
    } catch (error) {
      // It is done at the latest before something is written or removed there.
      this.#log.debug('the files of a torrent could not be recorded as ours', {
        directory,
        reason: messageOf(error),
      })
    }
  }

  /** Whether the files of a torrent are what they were when they became complete; or are so again. */
  async #checkFiles(contents: Contents): Promise<void> {
    const { infoHash, directory } = contents
    const isReduced = this.#entries.isReduced(contents)
    if (!isReduced && (await this.#disk.changedIn(contents)).length === 0) return
    const found = await this.#disk.read(contents)
    const changed = await this.#disk.changedIn(found)
    // The torrent itself may have reported something newer meanwhile.
    if (!this.#entries.isCurrent(contents) || (isReduced && changed.length > 0)) return
    const left = changed.length > 0 ? without(found, changed) : found
    this.#log.info('files of a torrent were changed by another program', { infoHash, directory })
    this.#entries.put(left, 'watched', changed.length > 0)
  }

  #lose(gone: readonly Contents[]): void {
    const lost = gone.filter((contents) => this.#entries.isCurrent(contents)).map(({ infoHash }) => infoHash)
    if (lost.length === 0) return
    for (const infoHash of lost) this.#entries.remove(infoHash)
    // There are thousands when a disk is not mounted.
    this.#log.info('torrents removed by another program', {
      count: lost.length,
      infoHashes: lost.slice(0, 10),
    })
  }

  #refuse(reason: string): void {
    this.#log.warn('the location of a torrent is ignored', { reason })
  }

  /** A folder that cannot be read now does not hide the others, and what is known of it stays true. */
  async #surviving(folder: string, level: 'warn' | 'debug', look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      this.#log[level]('a torrent on disk cannot be read', { folder, reason: messageOf(error) })
    }
  }
}

/** Whether a row names only files in the folder: other programs may write to the table. */
function liesIn({ directory, files }: Contents, folder: string): boolean {
  return directory === folder && Object.values(files).every(({ path }) => dirname(path) === folder)
}

/** Contents without some files, whose pieces have to be verified again before more is known. */
function without(contents: Contents, indexes: readonly string[]): Contents {
  const files = Object.entries(contents.files).filter(([index]) => !indexes.includes(index))
  return { ...contents, files: Object.fromEntries(files) }
}
