import type { Torrent } from './torrent.ts'
import type { StreamParts, TorrentStream } from './torrent-stream.ts'

/** A file of which something is missing yet: read as it comes. */
export function partialStream(parts: StreamParts, torrent: Torrent): TorrentStream {
  const { infoHash, fileIdx, name, size, path } = parts
  const lease = new DisposableStack()
  lease.use(parts.lease)
  let expected: Disposable | undefined

  function noteRead(): void {
    parts.noteRead()
    lease.use(torrent.watch(fileIdx))
  }

  return {
    infoHash,
    fileIdx,
    name,
    size,
    path,
    isWhole: false,
    noteRead,
    async whenStartable(position, signal) {
      expected = lease.use(torrent.expectReader(fileIdx, position))
      await torrent.whenStartable(fileIdx, position, signal)
    },
    read(range, signal) {
      noteRead()
      return torrent.readVerified(fileIdx, range, expected, signal)
    },
    async [Symbol.asyncDispose]() {
      lease.dispose()
    },
  }
}
