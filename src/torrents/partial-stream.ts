import type { TorrentReading } from './torrent-reading.ts'
import type { StreamParts, TorrentStream } from './torrent-stream.ts'

/** A file that is read while it is fetched. */
export function partialStream(parts: StreamParts, reading: TorrentReading): TorrentStream {
  const { infoHash, fileIdx, name, size, path } = parts
  const lease = new DisposableStack()
  lease.use(parts.lease)
  let expected: Disposable | undefined

  return {
    infoHash,
    fileIdx,
    name,
    size,
    path,
    isWhole: false,
    async whenStartable(position, signal) {
      expected = lease.use(reading.expectReader(fileIdx, position))
      await reading.whenStartable(fileIdx, position, signal)
    },
    read(range, signal) {
      lease.use(reading.watch(fileIdx))
      return reading.read(fileIdx, range, expected, signal)
    },
    async [Symbol.asyncDispose]() {
      lease.dispose()
    },
  }
}
