import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A file system. */
export interface Volume {
  /** tells it from others on this machine */
  readonly id: number
  /** bytes that we may still write */
  readonly freeBytes: number
  readonly totalBytes: number
}

/** The file system on which a path is, or would be. */
export async function volumeOf(path: string): Promise<Volume> {
  try {
    const [{ dev }, { bavail, blocks, bsize }] = await Promise.all([stat(path), statfs(path)])
    return { id: dev, freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    return volumeOf(dirname(path))
  }
}
