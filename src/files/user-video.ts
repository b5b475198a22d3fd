import type { Stats } from 'node:fs'
import { basename } from 'node:path'
import type { OpenFiles } from './open-files.ts'
import type { OpenVideo } from './open-video.ts'
import { readSlices } from './read-slices.ts'

/** A video of the user: complete on disk, and only ever read. */
export interface UserVideo extends OpenVideo {
  readonly path: string
  readonly mtimeMs: number
  /** A client is reading it. */
  noteRead(client: string): void
}

/** @param stats - of the path, as just read */
export async function openUserVideo(
  files: OpenFiles,
  path: string,
  stats: Stats,
  noteRead: UserVideo['noteRead'],
): Promise<UserVideo> {
  const { handle, size, [Symbol.asyncDispose]: close } = await files.open(path, stats)
  return {
    path,
    name: basename(path),
    size,
    mtimeMs: stats.mtimeMs,
    noteRead,
    read: (range, signal) =>
      readSlices(
        async () => handle,
        range,
        async () => size,
        signal,
      ),
    [Symbol.asyncDispose]: close,
  }
}
