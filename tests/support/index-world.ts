import { join } from 'node:path'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../src/domain/bittorrent/metainfo.ts'
import { newUsage, type Usage } from '../../src/domain/usage.ts'
import type { Contents } from '../../src/storage/contents.ts'
import type { ListedFolder } from '../../src/storage/torrent-folder.ts'
import type { IndexDisk } from '../../src/torrent-index/index-disk.ts'
import { type CacheIndex, openIndexOf } from '../../src/torrent-index/torrent-index.ts'
import type { IndexRow, IndexTable } from '../../src/torrent-index/torrent-table.ts'
import { recordingLog } from './recording-log.ts'

const ROOT = '/films'

/** The folder of one torrent on a {@link FakeFolders}. */
interface FakeFolder {
  contents: Contents
  /** what its folder says; `undefined` if it says nothing */
  usage: Usage | undefined
  notedAt: number
  /** its own files are recorded */
  hasRecord: boolean
  /** indexes of files that another program has changed */
  changed: string[]
}

type Work = Exclude<keyof IndexDisk, 'list'>

/** A download folder in memory. */
class FakeFolders implements IndexDisk {
  readonly folders = new Map<InfoHash, FakeFolder>()
  /** what was done, as the work and the info hash's first letter */
  readonly done: string[] = []
  /** reasons for which folders are ignored */
  readonly refused: string[] = []
  /** the download folder itself cannot be read */
  isUnmounted = false
  readonly #failing = new Map<string, string>()
  readonly #held = new Map<string, { readonly begun: () => void; readonly until: Promise<void> }>()

  /** Has some work on a torrent fail with a code of the system, until it is `undefined`. */
  fail(work: Work, infoHash: InfoHash, code: string | undefined): void {
    if (code === undefined) this.#failing.delete(`${work} ${infoHash[0]}`)
    else this.#failing.set(`${work} ${infoHash[0]}`, code)
  }

  /** Holds some work on a torrent back. @returns resolves when it has begun; call `release` to have it done */
  hold(work: Work, infoHash: InfoHash) {
    const [begun, until] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.#held.set(`${work} ${infoHash[0]}`, { begun: begun.resolve, until: until.promise })
    return { begun: begun.promise, release: until.resolve }
  }

  async list(onRefused: (why: string) => void): Promise<ListedFolder[]> {
    for (const why of this.refused) onRefused(why)
    if (this.isUnmounted) throw failure('ENOENT')
    return [...this.folders.keys()].map((infoHash) => this.#listed(infoHash))
  }

  async names(): Promise<string[]> {
    if (this.isUnmounted) throw failure('ENOENT')
    return [...this.folders.keys(), "the user's own"]
  }

  async look(name: string): Promise<ListedFolder | undefined> {
    await this.#do('look', name)
    return this.folders.has(name as InfoHash) ? this.#listed(name as InfoHash) : undefined
  }

  async isThere({ infoHash }: Pick<ListedFolder, 'infoHash'>): Promise<boolean> {
    await this.#do('isThere', infoHash)
    return this.folders.has(infoHash)
  }

  async lastNotedAt(directory: string): Promise<number | undefined> {
    await this.#do('lastNotedAt', directory)
    return this.#at(directory)?.notedAt
  }

  async read({ infoHash, directory }: Pick<ListedFolder, 'infoHash' | 'directory'>): Promise<Contents> {
    const found = this.#at(directory)?.contents
    await this.#do('read', directory)
    return found ?? { infoHash, directory, name: infoHash, length: 0, bytesOnDisk: 0, files: {} }
  }

  async readInfo({ directory }: Pick<ListedFolder, 'directory'>): Promise<TorrentInfo | undefined> {
    await this.#do('readInfo', directory)
    const folder = this.#at(directory)
    return folder && ({ name: folder.contents.name, files: [] } as unknown as TorrentInfo)
  }

  async changedIn(contents: Contents): Promise<string[]> {
    await this.#do('changedIn', contents.directory)
    return Object.keys(contents.files).filter((each) => this.#at(contents.directory)?.changed.includes(each))
  }

  async findUsage(directory: string): Promise<Usage | undefined> {
    await this.#do('findUsage', directory)
    return this.#at(directory)?.usage
  }

  async readUsage(directory: string): Promise<Usage> {
    return this.#at(directory)?.usage ?? newUsage('watched', 1)
  }

  async saveUsage(directory: string, usage: Usage): Promise<void> {
    await this.#do('saveUsage', directory)
    const folder = this.#at(directory)
    if (!folder) throw failure('ENOENT')
    folder.usage = usage
    folder.notedAt++
  }

  async hasRecord(directory: string): Promise<boolean> {
    await this.#do('hasRecord', directory)
    return this.#at(directory)?.hasRecord === true
  }

  async adopt({ directory }: Pick<ListedFolder, 'directory'>): Promise<void> {
    await this.#do('adopt', directory)
    const folder = this.#at(directory)
    if (!folder || folder.hasRecord) return
    folder.hasRecord = true
    folder.notedAt++
  }

  #at(directory: string): FakeFolder | undefined {
    return this.folders.get(directory.slice(ROOT.length + 1) as InfoHash)
  }

  #listed(infoHash: InfoHash): ListedFolder {
    const { contents, notedAt } = this.folders.get(infoHash) ?? { contents: contentsOf(infoHash), notedAt: 0 }
    return { infoHash, directory: contents.directory, notedAt }
  }

  /** @param where - a name, or the path of a folder */
  async #do(work: Work, where: string): Promise<void> {
    const key = `${work} ${where.replace(`${ROOT}/`, '')[0]}`
    this.done.push(key)
    const held = this.#held.get(key)
    this.#held.delete(key)
    held?.begun()
    await held?.until
    const code = this.#failing.get(key)
    if (code) throw failure(code)
  }
}

/** A table in memory. */
class FakeTable implements IndexTable {
  readonly rows = new Map<InfoHash, IndexRow>()
  isFailing = false
  writes = 0

  read(): Map<InfoHash, IndexRow> {
    return this.isFailing ? new Map() : new Map(this.rows)
  }

  write(rows: readonly { readonly infoHash: InfoHash; readonly row: IndexRow | undefined }[]): boolean {
    if (this.isFailing) return false
    if (rows.length > 0) this.writes++
    for (const { infoHash, row } of rows) {
      if (row) this.rows.set(infoHash, row)
      else this.rows.delete(infoHash)
    }
    return true
  }

  retainOnly(infoHashes: readonly InfoHash[]): void {
    if (this.isFailing) return
    for (const infoHash of [...this.rows.keys()])
      if (!infoHashes.includes(infoHash)) this.rows.delete(infoHash)
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** What there is of a film of 10 bytes that is complete. @param name - of the film */
export function contentsOf(infoHash: InfoHash, name = 'Film'): Contents {
  const directory = join(ROOT, infoHash)
  const path = join(directory, `${name}.mkv`)
  const files = { 0: { name: `${name}.mkv`, path, size: 10, bytesThere: 10, wholeMtimeMs: 5 } }
  return { infoHash, directory, name, length: 10, bytesOnDisk: 10, files }
}

/** An index of a download folder and a table, both in memory. */
export function indexWorld() {
  const disk = new FakeFolders()
  const table = new FakeTable()
  const { log, events } = recordingLog()
  return {
    disk,
    table,
    events,
    /** Puts the folder of a torrent on the disk; it was last noted at 100. */
    place(infoHash: InfoHash, { usage = newUsage('added', 1), ...folder }: Partial<FakeFolder> = {}) {
      const contents = contentsOf(infoHash)
      disk.folders.set(infoHash, { contents, usage, notedAt: 100, hasRecord: true, changed: [], ...folder })
    },
    open: (): Promise<CacheIndex> => openIndexOf(disk, table, log),
  }
}
