import { basename } from 'node:path'
import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { Plays } from '../domain/plays.ts'
import { type Origin, type Usage, withPlay } from '../domain/usage.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import type { Log } from '../observe/log.ts'
import type { Contents } from '../storage/contents.ts'
import { type Grounds, infoHashOfFolder } from '../storage/torrent-folder.ts'
import type { TorrentIndexPort } from '../torrents/torrent-index-port.ts'
import { FolderScan } from './folder-scan.ts'
import type { IndexDatabase } from './index-database.ts'
import { type IndexDisk, indexDisk } from './index-disk.ts'
import { type CacheEntry, IndexEntries } from './index-entries.ts'
import { IndexWriter } from './index-writer.ts'
import { type IndexTable, indexTable } from './torrent-table.ts'

/** Limit for metadata in memory, in bytes. */
const MAX_INFO = 24 * 1024 * 1024

/**
 * Opens the index of a download folder, and reads what is in it.
 *
 * @param grounds - the download folder, and the extra paths that its torrents may be in
 * @param database - has the index' table, and is open until this is disposed of
 */
export function openCacheIndex(grounds: Grounds, database: IndexDatabase, log: Log): Promise<CacheIndex> {
  return openIndexOf(indexDisk(grounds), indexTable(database), log)
}

/** The same for any disk and table. */
export async function openIndexOf(disk: IndexDisk, table: IndexTable, log: Log): Promise<CacheIndex> {
  const entries = new IndexEntries()
  const scan = new FolderScan(disk, entries, log)
  await scan.load(table)
  return new CacheIndex(disk, entries, scan, new IndexWriter(disk, entries, table, log))
}

/**
 * All torrents on disk, known without looking at the disk.
 *
 * Usage is also saved to each torrent's own folder, so that nothing is lost with the table; the table spares the next
 * start from reading every folder.
 */
export class CacheIndex implements TorrentIndexPort, AsyncDisposable {
  readonly #disk: IndexDisk
  readonly #entries: IndexEntries
  readonly #scan: FolderScan
  readonly #writer: IndexWriter
  readonly #plays = new Plays()
  /** metadata that was used lately */
  readonly #infos = new LRUCache<InfoHash, TorrentInfo>({ maxSize: MAX_INFO, sizeCalculation: heapBytes })

  constructor(disk: IndexDisk, entries: IndexEntries, scan: FolderScan, writer: IndexWriter) {
    this.#disk = disk
    this.#entries = entries
    this.#scan = scan
    this.#writer = writer
  }

  /** Changes whenever the contents of a torrent change, or one is added or removed. */
  get version(): number {
    return this.#entries.version
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
    return this.#entries.all()
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
    const info = known ?? (await this.#disk.readInfo(contents))
    if (info && !known) this.#infos.set(infoHash, info)
    return info
  }

  /** Calls back whenever something of a torrent has changed, such as its metadata. */
  onTorrent(listener: (infoHash: InfoHash) => void): void {
    this.#entries.onChange(listener)
  }

  put(contents: Contents, origin: Origin = 'watched'): void {
    this.#entries.put(contents, origin)
  }

  forget(infoHash: InfoHash): void {
    this.#scan.forget(infoHash)
    this.#entries.remove(infoHash)
  }

  noteRead(infoHash: InfoHash): void {
    this.change(infoHash, (usage) => ({ ...usage, lastReadAt: Date.now() }))
  }

  /** A client reads a file: counted once for each time that it is played. */
  notePlay(infoHash: InfoHash, fileIdx: number, client: string): void {
    const now = Date.now()
    if (this.#plays.note(`${infoHash}/${fileIdx}`, client, now))
      this.change(infoHash, (usage) => withPlay(usage, now))
  }

  noteSeeders(infoHash: InfoHash, seeders: number): void {
    if (this.get(infoHash)?.usage.seeders !== seeders)
      this.change(infoHash, (usage) => ({ ...usage, seeders }))
  }

  /** Changes how a torrent is used; saved soon, or by {@link flush}. */
  change(infoHash: InfoHash, change: (usage: Usage) => Usage): void {
    this.#entries.change(infoHash, change)
  }

  /** Examines the download folder: what was added, removed or changed by other programs. */
  check(signal?: AbortSignal): Promise<void> {
    return this.#scan.check(signal)
  }

  /** Examines one folder. @param name - of the folder in the download folder */
  look(name: string): Promise<void> {
    return this.#scan.look(name)
  }

  /** Saves all changes; what cannot be saved now is tried again later. */
  flush(): Promise<void> {
    return this.#writer.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scan.whenIdle()
    await this.#writer[Symbol.asyncDispose]()
  }
}
