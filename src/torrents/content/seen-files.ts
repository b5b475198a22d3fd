import type { Stats } from 'node:fs'
import { type FileId, fileIdOf } from '../../files/file-id.ts'

interface Seen {
  /** until its last change at this time (ctime, epoch ms), only we have changed it since it was first seen */
  readonly changedAt: number
  /** the file that the verified pieces are in; until it is seen, no piece is verified */
  readonly file?: FileId | undefined
  /** a copy that will take its place */
  readonly copy?: FileId | undefined
  /** the file that the engine has opened */
  readonly engines?: FileId | undefined
  /** the engine may write to it, and reports that */
  readonly isOpen?: boolean
  /** the engine is writing to it now */
  readonly isWriting?: boolean
}

/**
 * What another program did to a file since it was last seen; `unsure` if it was changed by the engine, which has not
 * reported it yet, or by another program.
 */
export type FileChange = 'same' | 'unsure' | 'changed' | 'replaced' | 'gone'

/**
 * Which file the verified pieces of each file of a torrent are in, so that no other file is read for it; and until when only
 * we have changed it, so that a change by another program is noticed.
 */
export class SeenFiles {
  readonly #files = new Map<number, Seen>()

  /** A copy with the same bytes is about to take its place. */
  expectCopy(fileIdx: number, copy: FileId): void {
    this.#files.set(fileIdx, { changedAt: 0, ...this.#files.get(fileIdx), copy })
  }

  /**
   * The file with its name was seen: it is the one to read from now on.
   *
   * @param changedAt - when it was last changed (ctime), epoch ms
   * @returns whether verified pieces are still verified: not in another file
   */
  see(fileIdx: number, file: FileId, changedAt: number): boolean {
    const seen = this.#files.get(fileIdx)
    if (seen?.file === file) return true
    const isSame = seen?.file === undefined || seen.copy === file
    this.#files.set(fileIdx, { ...seen, changedAt, file, copy: isSame ? seen?.copy : undefined })
    return isSame
  }

  /** The engine has opened this file, and has not written to it since. */
  seeEngines(fileIdx: number, file: FileId, changedAt: number): FileChange {
    const before = this.#files.get(fileIdx)
    const isSame = this.see(fileIdx, file, changedAt)
    this.#set(fileIdx, { changedAt, engines: file, isOpen: true, isWriting: false })
    if (!isSame) return 'replaced'
    return before?.file === file && before.changedAt !== changedAt ? 'changed' : 'same'
  }

  /** Only the engine has changed the file that it has open, until this time. @param isWriting - it goes on */
  noteWrote(fileIdx: number, changedAt: number, isWriting: boolean): void {
    if (this.isEngines(fileIdx)) this.#set(fileIdx, { changedAt, isWriting })
  }

  /** The engine writes to no file any more until it opens one. */
  noteEnded(): void {
    for (const fileIdx of this.#files.keys()) this.#set(fileIdx, { isOpen: false, isWriting: false })
  }

  /** There is no file with its name. */
  lose(fileIdx: number): void {
    this.#set(fileIdx, { file: undefined, copy: undefined })
  }

  /** Compares a file with what was seen of it, and sees it; unless `unsure`, the next call is about what happens after that. */
  compare(fileIdx: number, found: Stats | undefined): FileChange {
    const seen = this.#files.get(fileIdx)
    if (!seen) return 'same'
    if (!found) {
      this.lose(fileIdx)
      return seen.file === undefined ? 'same' : 'gone'
    }
    if (!this.see(fileIdx, fileIdOf(found), found.ctimeMs)) return 'replaced'
    if (found.ctimeMs <= this.#changedAt(fileIdx)) return 'same'
    if (seen.isOpen && this.isEngines(fileIdx)) return 'unsure'
    return this.noteChanged(fileIdx, found)
  }

  /** Another program has changed the file. */
  noteChanged(fileIdx: number, { ctimeMs }: Stats): FileChange {
    this.#set(fileIdx, { changedAt: ctimeMs })
    return 'changed'
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

  /** Whether the engine is changing the file now. */
  isWriting(fileIdx: number): boolean {
    return this.#files.get(fileIdx)?.isWriting === true
  }

  #changedAt(fileIdx: number): number {
    return this.#files.get(fileIdx)?.changedAt ?? 0
  }

  #set(fileIdx: number, news: Partial<Seen>): void {
    const seen = this.#files.get(fileIdx)
    if (seen) this.#files.set(fileIdx, { ...seen, ...news })
  }
}
