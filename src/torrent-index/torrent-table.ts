import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Contents } from '../storage/contents.ts'
import { parseUsage } from '../storage/folder-state.ts'
import type { IndexDatabase } from './index-database.ts'
import type { CacheEntry } from './index-entries.ts'

export const INDEX_TABLE = `CREATE TABLE IF NOT EXISTS torrents (
  info_hash TEXT PRIMARY KEY,
  noted_at REAL NOT NULL,
  contents TEXT NOT NULL,
  usage TEXT NOT NULL
) STRICT, WITHOUT ROWID`

/** An entry, and the time of the last note in its folder when the row was written, epoch ms. */
export interface IndexRow extends CacheEntry {
  readonly notedAt: number
}

export interface IndexTable {
  /** Empty if the table cannot be read: then all folders are read. */
  read(): Map<InfoHash, IndexRow>
  /** Replaces rows, or deletes those that are `undefined`. @returns whether all of it was done */
  write(rows: readonly { readonly infoHash: InfoHash; readonly row: IndexRow | undefined }[]): boolean
  /** Deletes all other rows. */
  retainOnly(infoHashes: readonly InfoHash[]): void
}

export function indexTable(index: Pick<IndexDatabase, 'use' | 'change'>): IndexTable {
  return {
    read() {
      const rows = index.use((database) => database.prepare('SELECT * FROM torrents').all()) ?? []
      return new Map(rows.flatMap((row) => readRow(row)))
    },
    write(rows) {
      return index.change((database) => {
        const put = database.prepare('INSERT OR REPLACE INTO torrents VALUES (?, ?, ?, ?)')
        const remove = database.prepare('DELETE FROM torrents WHERE info_hash = ?')
        for (const { infoHash, row } of rows) {
          if (row) put.run(infoHash, row.notedAt, JSON.stringify(row.contents), JSON.stringify(row.usage))
          else remove.run(infoHash)
        }
      })
    },
    retainOnly(infoHashes) {
      index.use((database) =>
        database
          .prepare('DELETE FROM torrents WHERE info_hash NOT IN (SELECT value FROM json_each(?))')
          .run(JSON.stringify(infoHashes)),
      )
    },
  }
}

/** Nothing for a row that cannot be parsed: its folder is read instead. */
function readRow(row: Readonly<Record<string, unknown>>): [InfoHash, IndexRow][] {
  try {
    const contents: unknown = JSON.parse(String(row.contents))
    const usage = parseUsage(JSON.parse(String(row.usage)))
    if (!usage || !isOf(contents, row.info_hash)) return []
    return [[contents.infoHash, { contents, usage, notedAt: Number(row.noted_at) }]]
  } catch {
    return []
  }
}

/** Whether a value that was saved is what is on disk of a torrent. By hand, as there are thousands at each start. */
function isOf(value: unknown, infoHash: unknown): value is Contents {
  const { infoHash: of, directory, name, length, bytesOnDisk, mainFile, files } = Object(value)
  const areRight = areTexts(directory, name) && areNumbers(length, bytesOnDisk, mainFile ?? 0)
  if (of !== infoHash || !areRight || typeof files !== 'object') return false
  return Object.values(files).every((file) => {
    const { name, path, size, bytesThere, wholeMtimeMs } = Object(file)
    return areTexts(name, path) && areNumbers(size, bytesThere, wholeMtimeMs ?? 0)
  })
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}

function areNumbers(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'number')
}
