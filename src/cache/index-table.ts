import type { DatabaseSync } from 'node:sqlite'
import type { InfoHash } from '../domain/info-hash.ts'
import type { CacheEntry } from './cache-entry.ts'
import { inTransaction } from './index-database.ts'

export const INDEX_TABLE = `CREATE TABLE IF NOT EXISTS torrents (
  info_hash TEXT PRIMARY KEY,
  noted_at REAL NOT NULL,
  contents TEXT NOT NULL,
  usage TEXT NOT NULL
) STRICT, WITHOUT ROWID`

/** An entry, and when its folder was last written to as the entry says it is; epoch ms. */
export interface IndexRow extends CacheEntry {
  readonly notedAt: number
}

export interface IndexTable {
  read(): Map<InfoHash, IndexRow>
  /** Replaces rows, or deletes those that are `undefined`; all of it or nothing. */
  write(rows: readonly { readonly infoHash: InfoHash; readonly row: IndexRow | undefined }[]): void
  /** Deletes all other rows. */
  keepOnly(infoHashes: readonly InfoHash[]): void
}

export function indexTable(database: DatabaseSync): IndexTable {
  const put = database.prepare('INSERT OR REPLACE INTO torrents VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM torrents WHERE info_hash = ?')

  return {
    read() {
      const rows = database.prepare('SELECT * FROM torrents').all()
      return new Map(rows.flatMap((row) => readRow(row)))
    },
    write(rows) {
      inTransaction(database, () => {
        for (const { infoHash, row } of rows) {
          if (row) put.run(infoHash, row.notedAt, JSON.stringify(row.contents), JSON.stringify(row.usage))
          else remove.run(infoHash)
        }
      })
    },
    keepOnly(infoHashes) {
      database
        .prepare('DELETE FROM torrents WHERE info_hash NOT IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(infoHashes))
    },
  }
}

/** Nothing for a row that somebody else wrote: its folder is read instead. */
function readRow(row: Readonly<Record<string, unknown>>): [InfoHash, IndexRow][] {
  try {
    const contents = JSON.parse(String(row.contents)) as IndexRow['contents']
    const usage = JSON.parse(String(row.usage)) as IndexRow['usage']
    return [[contents.infoHash, { contents, usage, notedAt: Number(row.noted_at) }]]
  } catch {
    return []
  }
}
