import { piecesOf, type TorrentFile } from '../../domain/bittorrent/metainfo.ts'
import { messageOf } from '../../domain/errors.ts'
import type { FileStamp } from '../../files/same-file.ts'
import type { Log } from '../../observe/log.ts'
import type { ClaimedPieces } from './claimed-pieces.ts'
import type { ContentDisk } from './content-disk.ts'
import type { FilesOnDisk, FilesOwner } from './files-on-disk.ts'

/** The torrent whose files become complete. */
interface CompletedContent extends Pick<FilesOwner, 'info' | 'pieces' | 'pathOf'> {
  readonly claimed: Pick<ClaimedPieces, 'check'>
  readonly files: Pick<FilesOnDisk, 'see' | 'isUnchanged'>
  file(fileIdx: number): TorrentFile
  /** All pieces of a file are verified. Resolves when that is saved, and reported. */
  noteComplete(fileIdx: number, stamp: FileStamp): Promise<void>
}

/** Makes files complete: checks their claimed pieces, and has them synced. */
export class Completion {
  readonly #content: CompletedContent
  readonly #disk: Pick<ContentDisk, 'stat'>
  readonly #log: Log
  readonly #busy = new Set<number>()

  constructor(content: CompletedContent, disk: Pick<ContentDisk, 'stat'>, log: Log) {
    this.#content = content
    this.#disk = disk
    this.#log = log
  }

  /** A file is being made complete. */
  isBusy(fileIdx: number): boolean {
    return this.#busy.has(fileIdx)
  }

  /** Begins to make a file complete of which no piece is missing. */
  begin(fileIdx: number): void {
    this.#busy.add(fileIdx)
    this.#complete(fileIdx)
      .catch((error: unknown) => {
        const fields = { path: this.#content.pathOf(fileIdx), reason: messageOf(error) }
        this.#log.warn('complete file not noted', fields)
      })
      .finally(() => this.#busy.delete(fileIdx))
  }

  async #complete(fileIdx: number): Promise<void> {
    const { info, pieces, claimed, files } = this.#content
    const path = this.#content.pathOf(fileIdx)
    const { first, last } = piecesOf(info, this.#content.file(fileIdx))
    const before = await this.#disk.stat(path)
    if (!files.see(fileIdx, before)) return
    for (let piece = first; piece <= last; piece++) {
      if (pieces.stateOf(piece) === 'claimed') await claimed.check(piece)
    }
    const file = await this.#disk.stat(path)
    if (!files.see(fileIdx, file)) return
    // Another program may have written to it while its pieces were checked.
    if (!(await files.isUnchanged(fileIdx, file, Number.POSITIVE_INFINITY))) return
    if (pieces.count('verified', first, last) <= last - first) return
    await this.#content.noteComplete(fileIdx, file)
  }
}
