import { messageOf } from '../domain/errors.ts'
import type { TorrentInfo } from '../domain/metainfo.ts'
import { saveState } from '../files/folder-state.ts'
import { isOurs, makeTorrentFolder, removeFolder, writeMetainfo, writing } from '../files/torrent-folder.ts'
import type { Log } from '../observe/log.ts'
import type { TorrentRoom } from './torrent-room.ts'

/** Makes the folder of a torrent when its metadata comes, and writes it down there; or leaves nothing behind. */
export class MetainfoKeeper {
  readonly #directory: string
  readonly #room: TorrentRoom
  readonly #log: Log
  /** metadata that is not written down, of which files may be there all the same; in a folder that was made for it */
  #unkept: TorrentInfo | undefined
  #kept: Promise<void> = Promise.resolve()
  #discarded: Promise<void> = Promise.resolve()

  constructor(directory: string, room: TorrentRoom, log: Log) {
    this.#directory = directory
    this.#room = room
    this.#log = log
  }

  /** Resolves when the metadata is on disk. */
  get kept(): Promise<void> {
    return this.#kept
  }

  /** @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed` */
  async makeFolder(info: TorrentInfo): Promise<void> {
    await this.#discarded
    // In one that was there before, wishes may be noted.
    this.#unkept = (await isOurs(this.#directory)) ? undefined : info
    await this.#room.note(() => makeTorrentFolder(this.#directory))
  }

  /** Begins to write; {@link kept} tells how that ends. */
  keep(metainfo: Uint8Array): void {
    const write = () =>
      writing(this.#directory, async () => {
        const both = [writeMetainfo(this.#directory, metainfo), saveState(this.#directory, { whole: {} })]
        // One that fails must not be tried again while the other is still being written.
        await Promise.allSettled(both)
        await Promise.all(both)
      })
    this.#kept = this.#room.note(write).then(() => {
      this.#unkept = undefined
    })
  }

  /** Removes the folder if the metadata could not be written; not before the engine has closed its files. */
  discardUnkept(): void {
    const info = this.#unkept
    this.#unkept = undefined
    if (!info) return
    this.#discarded = removeFolder(this.#directory, info).then(
      () => undefined,
      (error: unknown) =>
        this.#log.debug('folder not removed', { directory: this.#directory, reason: messageOf(error) }),
    )
  }
}
