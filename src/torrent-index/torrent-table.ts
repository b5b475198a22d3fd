import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
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

export function indexTable(index: IndexDatabase): IndexTable {
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
    const contents = JSON.parse(String(row.contents)) as IndexRow['contents']
    const usage = JSON.parse(String(row.usage)) as IndexRow['usage']
    return [[contents.infoHash, { contents, usage, notedAt: Number(row.noted_at) }]]
  } catch {
    return []
  }
}
