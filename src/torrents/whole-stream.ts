import { statIfThere } from '../files/if-there.ts'
import type { OpenFile, OpenFiles } from '../files/open-files.ts'
import { readSlices } from '../files/read-slices.ts'
import { isUnchanged } from '../files/same-file.ts'
import type { FileContents } from '../storage/contents.ts'
import type { StreamParts, TorrentStream } from './torrent-stream.ts'

/** Opens a file that is complete on disk; `undefined` if it was changed since. @throws the system's error */
export async function openIfWhole(
  { path, size, wholeMtimeMs }: FileContents,
  files: OpenFiles,
): Promise<OpenFile | undefined> {
  if (wholeMtimeMs === undefined) return undefined
  const found = await statIfThere(path)
  return isUnchanged(found, { size, mtimeMs: wholeMtimeMs }) ? files.open(path, found) : undefined
}

/** A file that is complete on disk: it needs no swarm, and no waiting. */
export function wholeStream(parts: StreamParts, file: OpenFile): TorrentStream {
  const { infoHash, fileIdx, name, size, path, lease } = parts
  return {
    infoHash,
    fileIdx,
    name,
    size,
    path,
    isWhole: true,
    whenStartable: async () => undefined,
    read(range, signal) {
      return readSlices(
        async () => file.handle,
        range,
        async () => size,
        signal,
      )
    },
    async [Symbol.asyncDispose]() {
      lease[Symbol.dispose]()
      await file[Symbol.asyncDispose]()
    },
  }
}
