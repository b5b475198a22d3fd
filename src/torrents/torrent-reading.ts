import { type ByteRange, lengthOf } from '../domain/byte-range.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { readSlices } from '../files/read-slices.ts'
import { areVerified, verifiedReader } from './content/verified-reader.ts'
import { ActiveReader } from './fetching/active-reader.ts'
import type { HostedFiles, TorrentHost } from './torrent-host.ts'

/** Reading the files of a torrent while they are fetched. */
export class TorrentReading {
  readonly #torrent: TorrentHost
  readonly #files: HostedFiles
  /** requests that wait for their first byte */
  #starting = 0

  constructor(torrent: TorrentHost, files: HostedFiles) {
    this.#torrent = torrent
    this.#files = files
  }

  /** A request waits for its first byte, and watches no file yet. */
  get isStarting(): boolean {
    return this.#starting > 0
  }

  /**
   * Resolves when an answer may begin: the first byte is verified on disk, or a peer is connected and the metadata is
   * saved. Before that, the error of a full disk can still be the answer.
   *
   * @param position - first byte, counted from the start of the file
   * @throws SelfStremeError `disk.full`, `disk.read_only`, `media.no_peers`, `torrent.busy`, or the signal's reason
   */
  async whenStartable(fileIdx: number, position: number, signal: AbortSignal): Promise<void> {
    const { content } = this.#files
    const { room, swarm, peerWait } = this.#torrent
    const { pieces, claimed, info, file } = content.parts(fileIdx)
    const piece = Math.floor((file.offset + position) / info.pieceLength)
    if (pieces.stateOf(piece) === 'claimed') await claimed.check(piece)
    if (!pieces.isMissing(piece)) return
    if (swarm.stats.peers === 0) peerWait.mustBeWorthIt()
    const either = new AbortController()
    const stop = AbortSignal.any([signal, either.signal])
    this.#starting++
    try {
      await room.needToStart(info.pieceLength, content.missingIn(fileIdx).missing)
      await this.#torrent.join()
      const whenPeerMayGive = this.#torrent.whenSaved.then(() => swarm.whenPeerFound(stop))
      const oneOfThem = Promise.race([pieces.whenThere(piece, stop), whenPeerMayGive])
      await peerWait.during(oneOfThem, signal)
    } finally {
      either.abort()
      this.#starting--
    }
  }

  /** Fetches what a reader will need first, until this is disposed of. */
  expectReader(fileIdx: number, position: number): Disposable {
    const { file } = this.#files.content.parts(fileIdx)
    return this.#files.plan.read(new ActiveReader(file, position, file.length, performance.now()))
  }

  /**
   * Bytes of a file that is being fetched, as they are verified.
   *
   * @param expected - what {@link expectReader} gave for this reader
   * @throws SelfStremeError `media.stalled`, `media.damaged`, and those of {@link whenStartable}
   */
  async *read(
    fileIdx: number,
    range: ByteRange,
    expected: Disposable | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const { content, plan } = this.#files
    // The disk may have been removed and put in again since the last reader, without what was not written yet.
    if (this.#torrent.room.isFailing) content.claimUnsynced()
    const parts = content.parts(fileIdx)
    const reader = new ActiveReader(parts.file, range.start, range.end + 1, performance.now())
    const { firstPieceMs, stallTimeoutMs } = this.#torrent.options
    const readableEnd = verifiedReader({
      ...parts,
      firstPieceMs,
      stallMs: stallTimeoutMs,
      onMissing: async () => {
        // If the metadata could not be saved, no piece will come; `pieces` has the reason.
        if (!this.#torrent.isCurrent(this.#files)) return
        this.#files.schedule()
        await this.#torrent.join()
      },
    })
    await using file = content.files.hold(fileIdx)
    using _reading = plan.read(reader)
    expected?.[Symbol.dispose]()
    const openFile = async (position: number, length: number) => {
      const opened = await file.open()
      // Another file may be in its place since the bytes were waited for.
      return file.isCurrent && areVerified(parts, position, length) ? opened : undefined
    }
    for await (const slice of readSlices(openFile, range, readableEnd, signal)) {
      yield slice
      reader.onDelivered(slice.length, performance.now())
      this.#files.schedule()
    }
    if (reader.delivered !== lengthOf(range)) throw new SelfStremeError('media.damaged', 'bytes are missing')
  }

  /** Fetches the rest of a file too, until the watcher leaves. */
  watch(fileIdx: number): Disposable {
    this.#torrent.users.noteWatched()
    const watching = this.#files.plan.watch(fileIdx)
    if (this.#files.content.missingIn(fileIdx).missing > 0) this.#join()
    return watching
  }

  /** Does not reject: the reader gets the error when it needs a piece. */
  #join(): void {
    const { infoHash, log } = this.#torrent
    this.#torrent
      .join()
      .catch((error: unknown) => log.debug('swarm not joined', { infoHash, reason: messageOf(error) }))
  }
}
