import type { Stats } from 'node:fs'

/** The engine says so soon after it has written a piece; what is written later than that, somebody else wrote. */
const REPORT_DELAY_MS = 1_000

interface Trusted {
  /** epoch ms */
  readonly at: number
  /** which file it was when somebody last looked */
  readonly inode?: number | undefined
  /** a copy that takes its place, or has done so since */
  readonly copy?: number | undefined
}

/** What the files of a torrent were when we last had reason to trust them, so that a change by others is noticed. */
export class TrustedFiles {
  readonly #files = new Map<number, Trusted>()

  /** A piece of it was right just now. */
  trust(fileIdx: number): void {
    this.#files.set(fileIdx, { ...this.#files.get(fileIdx), at: Date.now() })
  }

  /** From now on a copy with this inode may be in its place, with the same bytes. */
  expectCopy(fileIdx: number, inode: number): void {
    this.#files.set(fileIdx, { ...this.#files.get(fileIdx), at: Date.now(), copy: inode })
  }

  forget(fileIdx: number): void {
    this.#files.delete(fileIdx)
  }

  /**
   * Whether the file with its name is the one that we trust, which it is where we know of none.
   *
   * @param inode - as just seen, and remembered if it is
   */
  recognise(fileIdx: number, inode: number): boolean {
    const trusted = this.#files.get(fileIdx)
    if (!trusted) return true
    if (trusted.inode !== undefined && inode !== trusted.inode && inode !== trusted.copy) return false
    this.#files.set(fileIdx, { ...trusted, inode })
    return true
  }

  /** Whether a copy has its place by now, or soon will, so that whoever holds another file holds an old one. */
  isOutdated(fileIdx: number, inode: number): boolean {
    const copy = this.#files.get(fileIdx)?.copy
    return copy !== undefined && inode !== copy
  }

  /**
   * What somebody else did to a file since we last had reason to trust it: nothing that we know of, wrote to it, or
   * took it away, another one being in its place perhaps. Asked again, it is about what happens from now on.
   */
  look(fileIdx: number, found: Stats | undefined): 'same' | 'changed' | 'gone' {
    const trusted = this.#files.get(fileIdx)
    if (!trusted) return 'same'
    const isKnown = found !== undefined && this.recognise(fileIdx, found.ino)
    const copy = isKnown ? trusted.copy : undefined
    this.#files.set(fileIdx, { at: Date.now(), inode: found?.ino, copy })
    if (!isKnown) return 'gone'
    return found.ctimeMs > trusted.at + REPORT_DELAY_MS ? 'changed' : 'same'
  }
}
