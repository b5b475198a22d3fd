import type { Stats } from 'node:fs'
import { type FileId, fileIdOf } from '../../files/file-id.ts'

/** The engine reports a piece soon after it wrote it; what is written later than that, another program wrote. */
const REPORT_DELAY_MS = 1_000

interface Seen {
  /** when a piece of it was right, epoch ms */
  readonly at: number
  /** the file that the verified pieces are in; until it is seen, no piece is verified */
  readonly file?: FileId | undefined
  /** a copy that will take its place */
  readonly copy?: FileId | undefined
  /** the file that the engine has open */
  readonly engines?: FileId | undefined
}

/** What another program did to a file since it was last right. */
export type FileChange = 'same' | 'changed' | 'replaced' | 'gone'

/**
 * Which file the verified pieces of each file of a torrent are in, so that no other file is read for it; and when it was
 * last right, so that a change by another program is noticed.
 */
export class SeenFiles {
  readonly #files = new Map<number, Seen>()
  readonly #now: () => number

  /** @param now - epoch ms, as the times of files are */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** A piece of it was right just now. */
  confirm(fileIdx: number): void {
    this.#files.set(fileIdx, { ...this.#files.get(fileIdx), at: this.#now() })
  }

  /** A copy with the same bytes is about to take its place. */
  expectCopy(fileIdx: number, copy: FileId): void {
    this.#files.set(fileIdx, { ...this.#files.get(fileIdx), at: this.#now(), copy })
  }

  /**
   * The file with its name was seen: it is the one to read from now on.
   *
   * @returns whether verified pieces are still verified: not in another file
   */
  see(fileIdx: number, file: FileId): boolean {
    const seen = this.#files.get(fileIdx)
    if (seen?.file === file) return true
    const isSame = seen?.file === undefined || seen.copy === file
    this.#files.set(fileIdx, { at: this.#now(), ...seen, file, copy: isSame ? seen?.copy : undefined })
    return isSame
  }

  /** The engine has opened this file. @returns as {@link see} */
  seeEngines(fileIdx: number, file: FileId): boolean {
    const isSame = this.see(fileIdx, file)
    this.#files.set(fileIdx, { at: this.#now(), ...this.#files.get(fileIdx), engines: file })
    return isSame
  }

  /** There is no file with its name. */
  lose(fileIdx: number): void {
    const seen = this.#files.get(fileIdx)
    if (seen) this.#files.set(fileIdx, { ...seen, file: undefined, copy: undefined })
  }

  /** Compares a file with what was seen of it, and sees it. The next call is about what happens from now on. */
  compare(fileIdx: number, found: Stats | undefined): FileChange {
    const seen = this.#files.get(fileIdx)
    if (!seen) return 'same'
    if (!found) {
      this.lose(fileIdx)
      return seen.file === undefined ? 'same' : 'gone'
    }
    const isSame = this.see(fileIdx, fileIdOf(found))
    this.confirm(fileIdx)
    if (!isSame) return 'replaced'
    return found.ctimeMs > seen.at + REPORT_DELAY_MS ? 'changed' : 'same'
  }

  /** Whether a file is the one that the verified pieces are in. */
  isCurrent(fileIdx: number, file: FileId): boolean {
    return this.#files.get(fileIdx)?.file === file
  }

  /** Whether what the engine writes is in the file that we read. */
  isEngines(fileIdx: number): boolean {
    const seen = this.#files.get(fileIdx)
    return seen?.engines !== undefined && seen.engines === seen.file
  }

  /** Whether the engine writes to another file, which does not count. */
  isEngineElsewhere(fileIdx: number): boolean {
    const seen = this.#files.get(fileIdx)
    return seen?.engines !== undefined && seen.engines !== seen.file
  }
}
