import type { Stats } from 'node:fs'

/** Recorded size and mtime of a file; they differ after a write. */
export interface FileStamp {
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
}

/** Whether a file still has its recorded size and mtime. @param found - `undefined` if there is no file */
export function isUnchanged<S extends FileStamp>(found: S | undefined, noted: FileStamp): found is S {
  return found?.size === noted.size && found.mtimeMs === noted.mtimeMs
}

/** Whether two stats are of the same file, whatever its content. */
export function isSameFile(a: Pick<Stats, 'dev' | 'ino'>, b: Pick<Stats, 'dev' | 'ino'>): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

/** Whether two stats are of the same file with the same content, as far as stats can tell. */
export function isSameVersion(a: Stats, b: Stats): boolean {
  return isSameFile(a, b) && isUnchanged(a, b) && a.ctimeMs === b.ctimeMs
}

/** A text that changes whenever the file or its content does, as far as stats can tell. */
export function fingerprintOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs].join(' ')
}
