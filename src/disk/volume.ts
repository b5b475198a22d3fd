import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A file system. */
export interface Volume {
  /** unique on this machine */
  readonly id: number
  /** bytes that this process may still write */
  readonly freeBytes: number
  readonly isReadOnly: boolean
}

/** The file system that a path is on, or would be. */
export async function volumeOf(path: string): Promise<Volume> {
  try {
    const [{ dev }, { bavail, bsize }, isReadOnly] = await Promise.all([
      stat(path),
      statfs(path),
      isOnReadOnlyDisk(path),
    ])
    return { id: dev, freeBytes: bavail * bsize, isReadOnly }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    return volumeOf(dirname(path))
  }
}

/** Whether the file system is read-only, whatever the user (access(2)). */
async function isOnReadOnlyDisk(path: string): Promise<boolean> {
  try {
    await access(path, constants.W_OK)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EROFS'
  }
}
