import type { DatabaseSync } from 'node:sqlite'
import { inTransaction } from './index-database.ts'

export const PLACED_TABLE = `CREATE TABLE IF NOT EXISTS placed (
  path TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  verdicts TEXT NOT NULL,
  plays INTEGER NOT NULL,
  last_read_at REAL
) STRICT, WITHOUT ROWID`

/** Whether a file is what a torrent has in it. */
export type Verdict = 'verified' | 'mismatched'

/** What is remembered of a file that the user put into the download folder. */
export interface Mark {
  /** of the file that the verdicts are about */
  readonly fingerprint: string
  /** by info hash */
  readonly verdicts: Readonly<Record<string, Verdict>>
  readonly plays: number
  /** epoch ms */
  readonly lastReadAt?: number | undefined
}

export interface PlacedTable {
  /** By path, as it was written. */
  read(): Map<string, Mark>
  /** All of it or nothing. */
  write(marks: readonly (readonly [path: string, mark: Mark])[]): void
  /** Deletes all others. */
  keepOnly(paths: readonly string[]): void
}

export function placedTable(database: DatabaseSync): PlacedTable {
  const put = database.prepare('INSERT OR REPLACE INTO placed VALUES (?, ?, ?, ?, ?)')

  return {
    read() {
      return new Map(
        database
          .prepare('SELECT * FROM placed')
          .all()
          .flatMap((row) => readRow(row)),
      )
    },
    write(marks) {
      inTransaction(database, () => {
        for (const [path, { fingerprint, verdicts, plays, lastReadAt }] of marks)
          put.run(path, fingerprint, JSON.stringify(verdicts), plays, lastReadAt ?? null)
      })
    },
    keepOnly(paths) {
      database
        .prepare('DELETE FROM placed WHERE path NOT IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(paths))
    },
  }
}

/** Nothing for a row that somebody else wrote. */
function readRow(row: Readonly<Record<string, unknown>>): [string, Mark][] {
  try {
    const verdicts = JSON.parse(String(row.verdicts)) as Mark['verdicts']
    const { path, fingerprint, plays, last_read_at: lastReadAt } = row
    const mark = { fingerprint: String(fingerprint), verdicts, plays: Number(plays) }
    return [[String(path), lastReadAt === null ? mark : { ...mark, lastReadAt: Number(lastReadAt) }]]
  } catch {
    return []
  }
}
