import type { Stats } from 'node:fs'

/** Size and date of a file, as they were noted; what was written to since has others. */
export interface FileStamp {
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
}

/** Whether a file is still what was noted of it. @param found - `undefined`: there is none */
export function isUnchanged<S extends FileStamp>(found: S | undefined, noted: FileStamp): found is S {
  return found?.size === noted.size && found.mtimeMs === noted.mtimeMs
}

/** Whether two looks showed the same file, whatever is in it by now. */
export function isSameFile(a: Pick<Stats, 'dev' | 'ino'>, b: Pick<Stats, 'dev' | 'ino'>): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

/** Whether two looks showed the same file with the same content, as far as the system tells. */
export function isSameVersion(a: Stats, b: Stats): boolean {
  return isSameFile(a, b) && isUnchanged(a, b) && a.ctimeMs === b.ctimeMs
}

/** Another text as soon as there is another file, or another content in it, as far as the system tells. */
export function fingerprintOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs].join(' ')
}
