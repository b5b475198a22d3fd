import { relative } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { Plays } from '../domain/plays.ts'
import type { IndexedFile } from './placed-index.ts'
import type { Mark, PlacedTable, Verdict } from './placed-table.ts'

const FLUSH_MS = 5_000
/** They may lie on a disk that will be there again, and looking at all of them once more takes long. */
const MAX_GONE = 10_000

type Marked = Pick<IndexedFile, 'path' | 'fingerprint'>

/** What is remembered of files that the user put into the download folder, across restarts. */
export class PlacedMarks implements Disposable {
  readonly #root: string
  readonly #table: PlacedTable
  /** by path, counted from the download folder, which may be moved */
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

  /** What was found out about a file for a torrent, if it is still the same file. */
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

  /** How often a file was played, and when it was last read. */
  readsOf(path: string): Pick<Mark, 'plays' | 'lastReadAt'> {
    const { plays = 0, lastReadAt } = this.#get(path) ?? {}
    return { plays, lastReadAt }
  }

  /** A client reads a file: counted once for each time that it is played. */
  noteRead(file: Marked, client: string): void {
    const lastReadAt = Date.now()
    const known = this.#get(file.path) ?? { fingerprint: file.fingerprint, verdicts: {}, plays: 0 }
    const plays = known.plays + Number(this.#plays.note(file.path, client, lastReadAt))
    this.#set(file, { ...known, plays, lastReadAt })
  }

  /** Forgets files that are there no more, when there are many of them. */
  keepOnly(paths: readonly string[]): void {
    const kept = new Set(paths.map((path) => relative(this.#root, path)))
    const gone = [...this.#marks.keys()].filter((path) => !kept.has(path))
    if (gone.length <= MAX_GONE) return
    for (const path of gone) this.#marks.delete(path)
    this.#table.keepOnly([...kept])
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

  /** What cannot be written now is tried again later. */
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
