import { stat } from 'node:fs/promises'
import { messageOf } from '../domain/errors.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { newUsage, type Usage, withPlay } from '../domain/usage.ts'
import { type Contents, readContents } from '../files/contents.ts'
import { readUsage, saveUsage } from '../files/folder-state.ts'
import { type ListedFolder, lastNotedAt, listFolders } from '../files/torrent-folder.ts'
import type { Log } from '../observe/log.ts'
import type { Shelf } from '../torrents/shelf.ts'
import type { CacheEntry } from './cache-entry.ts'
import { openIndexDatabase } from './index-database.ts'
import { INDEX_TABLE, type IndexTable, indexTable } from './index-table.ts'
import { Plays } from './plays.ts'

const FLUSH_MS = 5_000

/** Opens the index of a download folder, and learns what is in it. */
export async function openCacheIndex(root: string, log: Log): Promise<CacheIndex> {
  const index = new CacheIndex(root, indexTable(await openIndexDatabase(root, INDEX_TABLE, log)), log)
  await index.load()
  return index
}

/**
 * All torrents on disk, known without looking at the disk.
 *
 * How a torrent is used is also written into its own folder, so that nothing is lost with the table; the table spares
 * the next start from opening every folder.
 */
export class CacheIndex implements Shelf, AsyncDisposable {
  readonly #root: string
  readonly #table: IndexTable
  readonly #log: Log
  readonly #entries = new Map<InfoHash, CacheEntry>()
  /** those whose usage is not written down yet */
  readonly #unsaved = new Set<InfoHash>()
  /** those that the table does not know as they are */
  readonly #unlisted = new Set<InfoHash>()
  readonly #plays = new Plays()
  readonly #timer: NodeJS.Timeout
  #flushing: Promise<void> = Promise.resolve()

  constructor(root: string, table: IndexTable, log: Log) {
    this.#root = root
    this.#table = table
    this.#log = log
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS)
  }

  /** Learns what is in the folder; of folders that nobody touched since the table was written, out of the table. */
  async load(): Promise<void> {
    const listed = await listFolders(this.#root)
    const rows = this.#table.read()
    await inBatches(listed, async (folder) => {
      const row = rows.get(folder.infoHash)
      const isCurrent = row?.notedAt === folder.notedAt && row.contents.directory === folder.directory
      if (isCurrent) this.#entries.set(folder.infoHash, row)
      else await this.#add(folder)
    })
    this.#table.keepOnly([...this.#entries.keys()])
  }

  find(infoHash: InfoHash): Contents | undefined {
    return this.#entries.get(infoHash)?.contents
  }

  get(infoHash: InfoHash): CacheEntry | undefined {
    return this.#entries.get(infoHash)
  }

  entries(): CacheEntry[] {
    return [...this.#entries.values()]
  }

  put(contents: Contents): void {
    const { infoHash } = contents
    const known = this.#entries.get(infoHash)
    this.#entries.set(infoHash, { contents, usage: known?.usage ?? newUsage('watched', Date.now()) })
    if (!known) this.#unsaved.add(infoHash)
    this.#unlisted.add(infoHash)
  }

  forget(infoHash: InfoHash): void {
    this.#entries.delete(infoHash)
    this.#unsaved.delete(infoHash)
    this.#unlisted.add(infoHash)
  }

  noteRead(infoHash: InfoHash): void {
    this.change(infoHash, (usage) => ({ ...usage, lastReadAt: Date.now() }))
  }

  /** A client reads a file of it: counted once for each time that it is played. */
  notePlay(infoHash: InfoHash, fileIdx: number, client: string): void {
    const now = Date.now()
    if (this.#plays.note(infoHash, fileIdx, client, now))
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
    this.#entries.set(infoHash, { ...entry, usage: change(entry.usage) })
    this.#unsaved.add(infoHash)
    this.#unlisted.add(infoHash)
  }

  /** Looks at the folder itself: notices what was brought, taken away or changed by somebody else. */
  async check(): Promise<void> {
    const known = this.entries()
    const listed = await listFolders(this.#root)
    const there = new Set(listed.map(({ infoHash }) => infoHash))
    for (const folder of listed) if (!this.#entries.has(folder.infoHash)) await this.#add(folder)
    await inBatches(known, async ({ contents }) => {
      const { infoHash } = contents
      if (this.find(infoHash) !== contents) return
      if (!there.has(infoHash)) return this.#lose(infoHash)
      const changed = await filesChanged(contents)
      if (changed.length > 0 && this.find(infoHash) === contents) this.put(without(contents, changed))
    })
  }

  /** Writes down what has changed. One that cannot be written now is tried again later. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush())
    return this.#flushing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    await this.flush()
    this.#table[Symbol.dispose]()
  }

  async #add({ infoHash, directory }: ListedFolder): Promise<void> {
    const contents = await readContents({ infoHash, directory })
    const usage = await readUsage(directory)
    if (this.#entries.has(infoHash)) return
    this.#entries.set(infoHash, { contents, usage })
    this.#unlisted.add(infoHash)
  }

  #lose(infoHash: InfoHash): void {
    this.#log.info('torrent taken away', { infoHash })
    this.forget(infoHash)
  }

  async #flush(): Promise<void> {
    const unsaved = [...this.#unsaved]
    this.#unsaved.clear()
    await inBatches(unsaved, async (infoHash) => {
      const entry = this.#entries.get(infoHash)
      if (!entry) return
      await saveUsage(entry.contents.directory, entry.usage).catch((error: NodeJS.ErrnoException) => {
        // The folder is gone, and the next check says so; or the disk is full, which may pass.
        if (error.code === 'ENOENT') return
        this.#unsaved.add(infoHash)
        this.#log.warn('usage of a torrent not saved', { infoHash, reason: messageOf(error) })
      })
    })
    await this.#list()
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
    try {
      this.#table.write(rows)
    } catch (error) {
      for (const infoHash of unlisted) this.#unlisted.add(infoHash)
      this.#log.warn('the index cannot be written', { reason: messageOf(error) })
    }
  }
}

/** Files that are no longer what they were when they became whole. */
async function filesChanged({ files }: Contents): Promise<string[]> {
  const looked = await Promise.all(
    Object.entries(files).map(async ([index, { path, size, wholeMtimeMs }]) => {
      if (wholeMtimeMs === undefined) return []
      const found = await stat(path).catch(() => undefined)
      return found?.size === size && found.mtimeMs === wholeMtimeMs ? [] : [index]
    }),
  )
  return looked.flat()
}

/** What is left when some of the whole files are so no longer: the torrent has to be opened to know more. */
function without(contents: Contents, indexes: readonly string[]): Contents {
  const files = Object.entries(contents.files).filter(([index]) => !indexes.includes(index))
  return { ...contents, files: Object.fromEntries(files), isWhole: false }
}

/** Does something for all items, a few at a time. */
async function inBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const item of left) await work(item)
    }),
  )
}
