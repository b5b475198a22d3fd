import type { Stats } from 'node:fs'

/** Says which file it is, whatever its name: two that are there at the same time have different ones. */
export type FileId = string

/**
 * Device and inode, as POSIX has them (`<sys/stat.h>`). The number of an inode is used again when its file is gone, so
 * the time of creation belongs to it, where the file system knows it.
 */
export function fileIdOf({ dev, ino, birthtimeMs }: Stats): FileId {
  return `${dev}:${ino}:${birthtimeMs}`
}
