import { readdir } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { LRUCache } from 'lru-cache'
import pLimit from 'p-limit'
import { refusalOf } from '../disk/disk-errors.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { messageOf } from '../domain/errors.ts'
import { Plays } from '../domain/plays.ts'
import { newUsage, type Origin, type Usage, withPlay } from '../domain/usage.ts'
import { fewAtATime } from '../lib/for-each-parallel.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import type { Log } from '../observe/log.ts'
import { type Contents, readContents } from '../storage/contents.ts'
import { findUsage, readUsage, saveUsage } from '../storage/folder-state.ts'
import { hasRecord } from '../storage/made-files.ts'
import { adoptFiles } from '../storage/own-files.ts'
import { readTorrent } from '../storage/read-folder.ts'
import {
  type Grounds,
  infoHashOfFolder,
  type ListedFolder,
  lastNotedAt,
  listFolders,
  lookAtFolder,
  readLocation,
} from '../storage/torrent-folder.ts'
import type { TorrentIndexPort } from '../torrents/torrent-index-port.ts'
import { filesChanged, liesIn, without } from './changed-files.ts'
import type { IndexDatabase } from './index-database.ts'
import type { CacheEntry } from './index-entry.ts'
import { type IndexTable, indexTable } from './torrent-table.ts'

const FLUSH_MS = 5_000
/** What metadata may be kept in memory: bytes. */
const MOST_INFO = 24 * 1024 * 1024

/**
 * Opens the index of a download folder, and learns what is in it.
 *
 * @param grounds - the download folder, and where else its torrents may lie
 * @param database - has the index' table, and is there until this is disposed of
 */
export async function openCacheIndex(
  grounds: Grounds,
  database: IndexDatabase,
  log: Log,
): Promise<CacheIndex> {
  const index = new CacheIndex(grounds, indexTable(database), log)
  await index.load()
  return index
}

/**
 * All torrents on disk, known without looking at the disk.
 *
 * How a torrent is used is also written into its own folder, so that nothing is lost with the table; the table spares
 * the next start from opening every folder. What cannot be written, as on a full disk, is kept and written later.
 */
export class CacheIndex implements TorrentIndexPort, AsyncDisposable {
  readonly #grounds: Grounds
  readonly #table: IndexTable
  readonly #log: Log
  readonly #entries = new Map<InfoHash, CacheEntry>()
  /** those whose usage is not written down yet */
  readonly #unsaved = new Set<InfoHash>()
  /** those that the table does not know as they are */
  readonly #unlisted = new Set<InfoHash>()
  /** those in whose folders nothing was noted yet of how they are used: whoever makes them may just be about to say it */
  readonly #unnoted = new Set<InfoHash>()
  /** those whose usage could not be written down when it was last tried */
  readonly #failed = new Set<InfoHash>()
  readonly #plays = new Plays()
  /** metadata that was asked for lately */
  readonly #infos = new LRUCache<InfoHash, TorrentInfo>({
    maxSize: MOST_INFO,
    sizeCalculation: heapBytes,
  })
  /** as {@link check} left them, because files had been changed or taken away */
  readonly #reduced = new WeakSet<Contents>()
  readonly #onTorrent = new Set<(infoHash: InfoHash) => void>()
  readonly #timer: NodeJS.Timeout
  /** another one whenever there is something new of a torrent, or one is gone */
  version = 0
  readonly #oneFlush = pLimit(1)
  readonly #oneLook = pLimit(1)

  constructor(grounds: Grounds, table: IndexTable, log: Log) {
    this.#grounds = grounds
    this.#table = table
    this.#log = log
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS)
  }

  /** Learns what is in the folder; of folders that nobody touched since the table was written, out of the table. */
  async load(): Promise<void> {
    const listed = await listFolders(this.#grounds, (reason) => this.#refuse(reason))
    const rows = this.#table.read()
    await fewAtATime(listed, (folder) =>
      this.#surviving(folder.directory, 'warn', async () => {
        const row = rows.get(folder.infoHash)
        if (row?.notedAt === folder.notedAt && liesIn(row.contents, folder.directory)) {
          this.#entries.set(folder.infoHash, row)
          if (!(await hasRecord(folder.directory))) await this.#adopt(folder)
        } else await this.#add(folder)
      }),
    )
    this.#table.retainOnly([...this.#entries.keys()])
  }

  find(infoHash: InfoHash): Contents | undefined {
    return this.#entries.get(infoHash)?.contents
  }

  get(infoHash: InfoHash): CacheEntry | undefined {
    return this.#entries.get(infoHash)
  }

  contents(): Contents[] {
    return this.entries().map(({ contents }) => contents)
  }

  entries(): CacheEntry[] {
    return [...this.#entries.values()]
  }

  /** Whether a torrent lies in this very folder. */
  holds(directory: string): boolean {
    const infoHash = infoHashOfFolder(basename(directory))
    return infoHash !== undefined && this.find(infoHash)?.directory === directory
  }

  /** The metadata of a torrent on disk. */
  async readInfo(infoHash: InfoHash): Promise<TorrentInfo | undefined> {
    const contents = this.find(infoHash)
    if (!contents) return undefined
    const known = this.#infos.get(infoHash)
    const info = known ?? (await readTorrent(contents.directory, infoHash))?.info
    if (info && !known) this.#infos.set(infoHash, info)
    return info
  }

  /** Calls back whenever there is something new of a torrent, such as its metadata. */
  onTorrent(listener: (infoHash: InfoHash) => void): void {
    this.#onTorrent.add(listener)
  }

  put(contents: Contents, origin: Origin = 'watched'): void {
    const { infoHash } = contents
    const known = this.#entries.get(infoHash)
    const isNew = !known || this.#unnoted.delete(infoHash)
    this.#set({ contents, usage: isNew ? newUsage(origin, Date.now()) : known.usage })
    if (isNew) this.#unsaved.add(infoHash)
  }

  forget(infoHash: InfoHash): void {
    this.version++
    this.#entries.delete(infoHash)
    this.#unsaved.delete(infoHash)
    this.#unnoted.delete(infoHash)
    this.#failed.delete(infoHash)
    this.#unlisted.add(infoHash)
  }

  noteRead(infoHash: InfoHash): void {
    this.change(infoHash, (usage) => ({ ...usage, lastReadAt: Date.now() }))
  }

  /** A client reads a file of it: counted once for each time that it is played. */
  notePlay(infoHash: InfoHash, fileIdx: number, client: string): void {
    const now = Date.now()
    if (this.#plays.note(`${infoHash}/${fileIdx}`, client, now))
      this.change(infoHash, (usage) => withPlay(usage, now))
  }

  noteSeeders(infoHash: InfoHash, seeders: number): void {
    if (this.get(infoHash)?.usage.seeders !== seeders)
      this.change(infoHash, (usage) => ({ ...usage, seeders }))
  }

  /** Changes how a torrent is used; written down soon, or when {@link flush} is called. */
  change(infoHash: InfoHash, change: (usage: Usage) => Usage): void {
    const entry = this.#entries.get(infoHash)
    if (!entry) return
    this.#unnoted.delete(infoHash)
    this.#entries.set(infoHash, { ...entry, usage: change(entry.usage) })
    this.#unsaved.add(infoHash)
    this.#unlisted.add(infoHash)
  }

  /** Looks at the folder itself: notices what was brought, taken away or changed by somebody else. */
  check(signal?: AbortSignal): Promise<void> {
    return this.#oneLook(async () => {
      const known = this.entries()
      const entries = await readdir(this.#grounds.root, { withFileTypes: true })
      const there = new Set<InfoHash>()
      for (const { name } of entries.filter((each) => each.isDirectory())) {
        const infoHash = infoHashOfFolder(name)
        if (!infoHash) continue
        there.add(infoHash)
        if (!this.#entries.has(infoHash)) await this.#surviving(name, 'debug', () => this.#meet(name))
      }
      const gone: Contents[] = []
      // One after the other: there is no hurry, and viewers read from the same disk.
      for (const { contents } of known) {
        if (signal?.aborted) return
        await this.#surviving(contents.directory, 'debug', async () => {
          const isThere =
            there.has(contents.infoHash) && (await lastNotedAt(contents.directory)) !== undefined
          if (!isThere) gone.push(contents)
          else if (this.#isCurrent(contents)) await this.#checkFiles(contents)
        })
      }
      this.#lose(gone)
    })
  }

  /** The same for one folder, of which only the name in the download folder is known. */
  look(name: string): Promise<void> {
    return this.#oneLook(async () => {
      const infoHash = infoHashOfFolder(name)
      const contents = infoHash && this.find(infoHash)
      if (!contents) return this.#meet(name)
      const { directory } = contents
      const isThere =
        dirname(directory) === this.#grounds.root
          ? (await lastNotedAt(directory)) !== undefined
          : (await readLocation(this.#grounds, infoHash)) !== undefined
      if (!isThere) this.#lose([contents])
    })
  }

  /** Writes down what has changed. One that cannot be written now is tried again later. */
  flush(): Promise<void> {
    return this.#oneFlush(() => this.#flush())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.#oneLook(async () => undefined)
    await this.flush()
  }

  async #add({ infoHash, directory }: ListedFolder): Promise<void> {
    await this.#adopt({ infoHash, directory })
    const contents = await readContents({ infoHash, directory })
    const noted = await findUsage(directory)
    const usage = noted ?? (await readUsage(directory))
    if (this.#entries.has(infoHash)) return
    if (!noted) this.#unnoted.add(infoHash)
    this.#set({ contents, usage })
  }

  /** From now on, what the user puts there is not taken for ours. */
  async #adopt({ infoHash, directory }: Pick<ListedFolder, 'infoHash' | 'directory'>): Promise<void> {
    try {
      const torrent = await readTorrent(directory, infoHash)
      if (torrent) await adoptFiles(directory, torrent.info)
      this.#unlisted.add(infoHash)
    } catch (error) {
      // It is done at the latest before something is written or removed there.
      this.#log.debug('the files of a torrent are not noted', { directory, reason: messageOf(error) })
    }
  }

  #set(entry: CacheEntry): void {
    const { infoHash } = entry.contents
    this.version++
    this.#entries.set(infoHash, entry)
    this.#unlisted.add(infoHash)
    for (const tell of this.#onTorrent) tell(infoHash)
  }

  /** Takes in a folder that somebody else has put there, if it is one of ours. */
  async #meet(name: string): Promise<void> {
    const folder = await lookAtFolder(this.#grounds, name, (reason) => this.#refuse(reason))
    if (!folder || this.#entries.has(folder.infoHash)) return
    await this.#add(folder)
    this.#log.info('torrent found in the download folder', { infoHash: folder.infoHash })
  }

  #refuse(reason: string): void {
    this.#log.warn('the place of a torrent is not taken', { reason })
  }

  /** Looks whether the files of a torrent are still what they were; those that were not, whether they are again. */
  async #checkFiles(contents: Contents): Promise<void> {
    const { infoHash, directory } = contents
    const isReduced = this.#reduced.has(contents)
    if (!isReduced && (await filesChanged(contents)).length === 0) return
    const found = await readContents(contents)
    const changed = await filesChanged(found)
    // The torrent itself may know better by now.
    if (!this.#isCurrent(contents) || (isReduced && changed.length > 0)) return
    const left = changed.length > 0 ? without(found, changed) : found
    if (changed.length > 0) this.#reduced.add(left)
    this.#log.info('files of a torrent were changed by somebody else', { infoHash, directory })
    this.put(left)
  }

  /** A folder that cannot be read now does not hide the others, and what is known of it stays true. */
  async #surviving(folder: string, level: 'warn' | 'debug', look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      this.#log[level]('a torrent on disk cannot be read', { folder, reason: messageOf(error) })
    }
  }

  /** Whether nothing new was said of a torrent since. */
  #isCurrent(contents: Contents): boolean {
    return this.find(contents.infoHash) === contents
  }

  #lose(gone: readonly Contents[]): void {
    const lost = gone.filter((contents) => this.#isCurrent(contents)).map(({ infoHash }) => infoHash)
    if (lost.length === 0) return
    for (const infoHash of lost) this.forget(infoHash)
    // There are thousands when a disk is not there.
    this.#log.info('torrents taken away', { count: lost.length, infoHashes: lost.slice(0, 10) })
  }

  async #flush(): Promise<void> {
    const unsaved = [...this.#unsaved]
    this.#unsaved.clear()
    await fewAtATime(unsaved, async (infoHash) => {
      const entry = this.#entries.get(infoHash)
      if (!entry) return
      try {
        await saveUsage(entry.contents.directory, entry.usage)
        this.#failed.delete(infoHash)
      } catch (error) {
        this.#keepUnsaved(infoHash, error)
      }
    })
    await this.#list()
  }

  #keepUnsaved(infoHash: InfoHash, error: unknown): void {
    // The folder is gone, and the next check says so.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    this.#unsaved.add(infoHash)
    // Of a disk that takes nothing more, whoever looks after the disks tells.
    const isNews = !refusalOf(error) && !this.#failed.has(infoHash)
    this.#log[isNews ? 'warn' : 'debug']('usage of a torrent not saved', {
      infoHash,
      reason: messageOf(error),
    })
    this.#failed.add(infoHash)
  }

  async #list(): Promise<void> {
    const unlisted = [...this.#unlisted]
    this.#unlisted.clear()
    const rows = await Promise.all(
      unlisted.map(async (infoHash) => {
        const entry = this.#entries.get(infoHash)
        // Asked for before the row is made of what is known: what is noted after this makes the row an old one.
        const notedAt = entry && (await lastNotedAt(entry.contents.directory))
        const current = this.#entries.get(infoHash)
        return { infoHash, row: current && notedAt !== undefined ? { ...current, notedAt } : undefined }
      }),
    )
    if (!this.#table.write(rows)) for (const infoHash of unlisted) this.#unlisted.add(infoHash)
  }
}
