import type { IndexDatabase } from '../torrent-index/index-database.ts'

export const PLACED_TABLE = `CREATE TABLE IF NOT EXISTS placed (
  path TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  verdicts TEXT NOT NULL,
  plays INTEGER NOT NULL,
  last_read_at REAL
) STRICT, WITHOUT ROWID`

/** Whether a file matches a torrent. */
export type Verdict = 'verified' | 'mismatched'

/** What is stored about a file that the user put into the download folder. */
export interface Mark {
  /** of the file at the time of the verdicts */
  readonly fingerprint: string
  /** by info hash */
  readonly verdicts: Readonly<Record<string, Verdict>>
  readonly plays: number
  /** epoch ms */
  readonly lastReadAt?: number | undefined
}

export interface PlacedTable {
  /** All rows, by path; empty if the table cannot be read. */
  read(): Map<string, Mark>
  /** @returns whether all of it was written */
  write(marks: readonly (readonly [path: string, mark: Mark])[]): boolean
  /** Deletes the rows of all other paths. */
  retainOnly(paths: readonly string[]): void
}

export function placedTable(index: IndexDatabase): PlacedTable {
  return {
    read() {
      const rows = index.use((database) => database.prepare('SELECT * FROM placed').all()) ?? []
      return new Map(rows.flatMap((row) => readRow(row)))
    },
    write(marks) {
      return index.change((database) => {
        const put = database.prepare('INSERT OR REPLACE INTO placed VALUES (?, ?, ?, ?, ?)')
        for (const [path, { fingerprint, verdicts, plays, lastReadAt }] of marks)
          put.run(path, fingerprint, JSON.stringify(verdicts), plays, lastReadAt ?? null)
      })
    },
    retainOnly(paths) {
      index.use((database) =>
        database
          .prepare('DELETE FROM placed WHERE path NOT IN (SELECT value FROM json_each(?))')
          .run(JSON.stringify(paths)),
      )
    },
  }
}

/** Nothing for a row that is not in our format. */
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
