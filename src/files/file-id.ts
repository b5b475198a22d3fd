import type { Stats } from 'node:fs'

/** Identifies a file whatever its name; two files that exist at the same time have different ids. */
export type FileId = string

/**
 * Device and inode (POSIX `<sys/stat.h>`), plus the creation time where the file system has it, because inode numbers
 * are reused.
 */
export function fileIdOf({ dev, ino, birthtimeMs }: Stats): FileId {
  return `${dev}:${ino}:${birthtimeMs}`
}
