import { relative } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { Plays } from '../domain/plays.ts'
import type { IndexedFile } from './placed-index.ts'
import type { Mark, PlacedTable, Verdict } from './placed-table.ts'

const FLUSH_MS = 5_000
/** Missing files whose marks are kept: they may be on a disk that comes back, and verifying all of them takes long. */
const MAX_GONE = 10_000

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

  constructor(root: string, table: PlacedTable) {
    this.#root = root
    this.#table = table
    this.#marks = table.read()
    this.#timer = setInterval(() => this.#flush(), FLUSH_MS)
  }

  /** The verdict on a file for a torrent, if the file is unchanged. */
  verdictOf({ path, fingerprint }: Marked, infoHash: InfoHash): Verdict | undefined {
    const mark = this.#get(path)
    return mark?.fingerprint === fingerprint ? mark.verdicts[infoHash] : undefined
  }

  noteVerdict(file: Marked, infoHash: InfoHash, verdict: Verdict): void {
    const { fingerprint } = file
    const known = this.#get(file.path)
    const others = known?.fingerprint === fingerprint ? known.verdicts : {}
    this.#set(file, { plays: 0, ...known, fingerprint, verdicts: { ...others, [infoHash]: verdict } })
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
