import type { Stats } from 'node:fs'
import { type FileId, fileIdOf } from '../../files/file-id.ts'

/** The engine says so soon after it has written a piece; what is written later than that, somebody else wrote. */
const REPORT_DELAY_MS = 1_000

interface Trusted {
  /** when a piece of it was right, epoch ms */
  readonly at: number
  /** the one that the verified pieces are in; where nobody has seen it, none is */
  readonly file?: FileId | undefined
  /** a copy that takes its place */
  readonly copy?: FileId | undefined
  /** the one that the engine has open */
  readonly engines?: FileId | undefined
}

/**
 * Which file the verified pieces of each file of a torrent are in, so that no other one is read for it, and what it was
 * when we last had reason to trust it, so that a change by others is noticed.
 */
export class TrustedFiles {
  readonly #files = new Map<number, Trusted>()

  /** A piece of it was right just now. */
  trust(fileIdx: number): void {
    this.#files.set(fileIdx, { ...this.#files.get(fileIdx), at: Date.now() })
  }

  /** From now on this copy may be in its place, with the same bytes. */
  expectCopy(fileIdx: number, copy: FileId): void {
    this.#files.set(fileIdx, { ...this.#files.get(fileIdx), at: Date.now(), copy })
  }

  /** The engine writes to this file from now on. @returns as {@link recognise} */
  noteEngines(fileIdx: number, file: FileId): boolean {
    const isSame = this.recognise(fileIdx, file)
    this.#files.set(fileIdx, { at: Date.now(), ...this.#files.get(fileIdx), engines: file })
    return isSame
  }

  /** Whether what the engine writes is in the file that we read. */
  isEngines(fileIdx: number): boolean {
    const trusted = this.#files.get(fileIdx)
    return trusted?.engines !== undefined && trusted.engines === trusted.file
  }

  /** Whether the engine has another file open than we; what it writes there does not count. */
  isEngineElsewhere(fileIdx: number): boolean {
    const trusted = this.#files.get(fileIdx)
    return trusted?.engines !== undefined && trusted.engines !== trusted.file
  }

  /**
   * The file with its name was just seen: it is the one that we read from now on.
   *
   * @returns whether what was verified still is, which it is not in another file
   */
  recognise(fileIdx: number, file: FileId): boolean {
    const trusted = this.#files.get(fileIdx)
    if (trusted?.file === file) return true
    const isSame = trusted?.file === undefined || trusted.copy === file
    this.#files.set(fileIdx, { at: Date.now(), ...trusted, file, copy: isSame ? trusted?.copy : undefined })
    return isSame
  }

  /** Whether a file is the one that our verified pieces are in. */
  isCurrent(fileIdx: number, file: FileId): boolean {
    return this.#files.get(fileIdx)?.file === file
  }

  /** There is no file with its name. */
  lose(fileIdx: number): void {
    const trusted = this.#files.get(fileIdx)
    if (trusted) this.#files.set(fileIdx, { ...trusted, file: undefined, copy: undefined })
  }

  /**
   * What somebody else did to a file since we last had reason to trust it: nothing that we know of, wrote to it, put
   * another one in its place, or took it away. Asked again, it is about what happens from now on.
   */
  look(fileIdx: number, found: Stats | undefined): 'same' | 'changed' | 'other' | 'gone' {
    const trusted = this.#files.get(fileIdx)
    if (!trusted) return 'same'
    if (!found) {
      this.lose(fileIdx)
      return trusted.file === undefined ? 'same' : 'gone'
    }
    const isSame = this.recognise(fileIdx, fileIdOf(found))
    this.trust(fileIdx)
    if (!isSame) return 'other'
    return found.ctimeMs > trusted.at + REPORT_DELAY_MS ? 'changed' : 'same'
  }
}
