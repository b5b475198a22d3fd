import { relative } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { Plays } from '../domain/plays.ts'
import type { IndexDatabase } from '../torrent-index/index-database.ts'
import type { IndexedFile } from './placed-folder.ts'

const FLUSH_MS = 5_000
/** Missing files whose marks are kept: they may be on a disk that comes back, and verifying all of them takes long. */
const MAX_GONE = 10_000

export const PLACED_TABLE = `CREATE TABLE IF NOT EXISTS placed (
  path TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  verdicts TEXT NOT NULL,
  plays INTEGER NOT NULL,
  last_read_at REAL
) STRICT, WITHOUT ROWID`

/** Whether a file matches a torrent. */
export type Verdict = 'verified' | 'mismatched'
/** The indexes of the torrent's files that a file matches, counted from 0; several if the torrent holds it twice. */
export type Match = 'mismatched' | readonly number[]

/** What is stored about a file that the user put into the download folder. */
export interface Mark {
  /** of the file at the time of the verdicts */
  readonly fingerprint: string
  /** by info hash */
  readonly verdicts: Readonly<Record<string, Match>>
  readonly plays: number
  /** epoch ms */
  readonly lastReadAt?: number | undefined
}

type Marked = Pick<IndexedFile, 'path' | 'fingerprint'>

/** What is stored about files that the user put into the download folder, across restarts. */
export class PlacedMarks implements Disposable {
  readonly #root: string
  readonly #table: PlacedTable
  /** by path relative to the download folder, which may be moved */
  readonly #marks: Map<string, Mark>
  readonly #unwritten = new Set<string>()
  readonly #plays = new Plays()
  readonly #timer: NodeJS.Timeout

  /** @param database - has {@link PLACED_TABLE}, and is open until this is disposed of */
  constructor(root: string, database: IndexDatabase) {
    this.#root = root
    this.#table = placedTable(database)
    this.#marks = this.#table.read()
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS)
  }

  /** The verdict on a file for a torrent, if the file is unchanged. */
  verdictOf(file: Marked, infoHash: InfoHash): Verdict | undefined {
    const match = this.matchOf(file, infoHash)
    return match === undefined || match === 'mismatched' ? match : 'verified'
  }

  /** Which files of a torrent a file matches, if it was compared and is unchanged. */
  matchOf({ path, fingerprint }: Marked, infoHash: InfoHash): Match | undefined {
    const mark = this.#get(path)
    return mark?.fingerprint === fingerprint ? mark.verdicts[infoHash] : undefined
  }

  noteMatch(file: Marked, infoHash: InfoHash, match: Match): void {
    const { fingerprint } = file
    const known = this.#get(file.path)
    const others = known?.fingerprint === fingerprint ? known.verdicts : {}
    this.#set(file, { plays: 0, ...known, fingerprint, verdicts: { ...others, [infoHash]: match } })
    this.#flush()
  }

  /** Number of plays, and time of the last read. */
  readsOf(path: string): Pick<Mark, 'plays' | 'lastReadAt'> {
    const { plays = 0, lastReadAt } = this.#get(path) ?? {}
    return { plays, lastReadAt }
  }

  /** A client is reading a file: counted once per play. */
  noteRead(file: Marked, client: string): void {
    const lastReadAt = Date.now()
    const known = this.#get(file.path) ?? { fingerprint: file.fingerprint, verdicts: {}, plays: 0 }
    const plays = known.plays + Number(this.#plays.note(file.path, client, lastReadAt))
    this.#set(file, { ...known, plays, lastReadAt })
  }

  /** Deletes marks of missing files, if there are too many. */
  retainOnly(paths: readonly string[]): void {
    const kept = new Set(paths.map((path) => relative(this.#root, path)))
    const gone = [...this.#marks.keys()].filter((path) => !kept.has(path))
    if (gone.length <= MAX_GONE) return
    for (const path of gone) this.#marks.delete(path)
    this.#table.retainOnly([...kept])
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#flush()
  }

  #get(path: string): Mark | undefined {
    return this.#marks.get(relative(this.#root, path))
  }

  #set({ path }: Marked, mark: Mark): void {
    const way = relative(this.#root, path)
    this.#marks.set(way, mark)
    this.#unwritten.add(way)
  }

  /** Failed writes are retried later. */
  #flush(): void {
    if (this.#unwritten.size === 0) return
    const isWritten = this.#table.write(
      [...this.#unwritten].flatMap((path) => {
        const mark = this.#marks.get(path)
        return mark ? [[path, mark] as const] : []
      }),
    )
    if (isWritten) this.#unwritten.clear()
  }
}

interface PlacedTable {
  /** All rows, by path; empty if the table cannot be read. */
  read(): Map<string, Mark>
  /** @returns whether all of it was written */
  write(marks: readonly (readonly [path: string, mark: Mark])[]): boolean
  /** Deletes the rows of all other paths. */
  retainOnly(paths: readonly string[]): void
}

function placedTable(index: IndexDatabase): PlacedTable {
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
    const stored = JSON.parse(String(row.verdicts)) as Record<string, Match | 'verified'>
    // Earlier versions did not store which file was matched: such a file is compared again.
    const known = Object.entries(stored).filter(([, match]) => match !== 'verified')
    const verdicts = Object.fromEntries(known) as Mark['verdicts']
    const { path, fingerprint, plays, last_read_at: lastReadAt } = row
    const mark = { fingerprint: String(fingerprint), verdicts, plays: Number(plays) }
    return [[String(path), lastReadAt === null ? mark : { ...mark, lastReadAt: Number(lastReadAt) }]]
  } catch {
    return []
  }
}
