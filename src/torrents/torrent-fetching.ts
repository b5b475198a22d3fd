import { pieceLengthAt } from '../domain/bittorrent/metainfo.ts'
import type { SelfStremeError } from '../domain/errors.ts'
import { Waiters } from '../lib/waiters.ts'
import { type Portion, piecesOfPortion, spansOf } from './fetching/file-part.ts'
import type { HostedFiles, TorrentHost } from './torrent-host.ts'
import type { LaterPurpose } from './torrent-users.ts'

/** Fetching files, or parts of them, without a viewer. */
export class TorrentFetching {
  readonly #torrent: TorrentHost
  readonly #files: HostedFiles
  /** woken when a file may have become complete, or incomplete */
  readonly #waiters = new Waiters()

  constructor(torrent: TorrentHost, files: HostedFiles) {
    this.#torrent = torrent
    this.#files = files
  }

  /** How much of a portion is missing, counted in pieces. */
  need(portion: Portion): { readonly bytes: number; readonly missingBytes: number } {
    const { info, pieces } = this.#files.content
    let [bytes, missingBytes] = [0, 0]
    for (const piece of piecesOfPortion(info, portion)) {
      const length = pieceLengthAt(info, piece)
      bytes += length
      if (pieces.isMissing(piece)) missingBytes += length
    }
    return { bytes, missingBytes }
  }

  /**
   * Fetches files to their end, or parts of them. Resolves when they are on disk.
   *
   * @throws SelfStremeError `torrent.busy` when the torrent is suspended, `media.no_peers` and others when the swarm
   * does not give it, or the signal's reason
   */
  async fetch({ files, parts = [] }: Portion, purpose: LaterPurpose, signal: AbortSignal): Promise<void> {
    const { content, plan } = this.#files
    const partly = parts.map(({ fileIdx }) => fileIdx)
    for (const fileIdx of new Set([...files, ...partly])) await content.check(fileIdx)
    const spans = spansOf(content.info, parts)
    const arePartsThere = () => !spans.some(({ from, to }) => content.pieces.anyMissing(from, to))
    using _parts = plan.fetchParts(spans)
    try {
      for (;;) {
        const unfinished = files.filter((fileIdx) => !content.isComplete(fileIdx))
        for (const fileIdx of unfinished) plan.finish(fileIdx)
        const isMissing = unfinished.some((fileIdx) => content.missingIn(fileIdx).missing > 0)
        if ((isMissing || !arePartsThere()) && !this.#torrent.isInSwarm) await this.#torrent.join(purpose)
        if (files.every((fileIdx) => content.isComplete(fileIdx)) && arePartsThere()) break
        await this.#waiters.wait(signal)
      }
    } finally {
      for (const fileIdx of files) plan.stopFinishing(fileIdx)
    }
    // The parts of a short file may be all of it.
    for (const fileIdx of partly) content.completeIfAllThere(fileIdx)
  }

  /** Checks that the files being fetched are still there, as a viewer's request would. */
  async checkFiles(): Promise<void> {
    const { isAwaited, isGuessed } = this.#torrent.users
    if (!isAwaited && !isGuessed) return
    for (const fileIdx of this.#files.plan.wanted) await this.#files.content.checkIdentity(fileIdx)
    this.wake()
  }

  wake(): void {
    this.#waiters.wakeAll()
  }

  fail(error: SelfStremeError): void {
    this.#waiters.failAll(error)
  }
}
