import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { messageOf } from '../../domain/errors.ts'
import { removeFolder } from '../../files/clear-folder.ts'
import type { Log } from '../../observe/log.ts'
import { saveState } from '../../storage/folder-state.ts'
import { makeTorrentFolder, writeMetainfo, writing } from '../../storage/torrent-folder.ts'
import type { TorrentRoom } from '../fetching/torrent-room.ts'

/** Makes the folder of a torrent when its metadata comes, and writes it down there; or leaves nothing behind. */
export class MetainfoKeeper {
  readonly #place: () => Promise<string>
  readonly #room: TorrentRoom
  readonly #log: Log
  /** metadata that is not written down, of which files may be there all the same; in a folder that was made for it */
  #unkept: { readonly directory: string; readonly info: TorrentInfo } | undefined
  #kept: Promise<void> = Promise.resolve()
  #discarded: Promise<void> = Promise.resolve()

  /** @param place - where the folder is, or is to be, as the disk is now */
  constructor(place: () => Promise<string>, room: TorrentRoom, log: Log) {
    this.#place = place
    this.#room = room
    this.#log = log
  }

  /** Resolves when the metadata is on disk. */
  get kept(): Promise<void> {
    return this.#kept
  }

  /**
   * Makes the folder; where the user has put one in its place since it was looked for, beside that.
   *
   * @param info - the metadata, if there is any to be written down in it
   * @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed`
   */
  async makeFolder(info?: TorrentInfo): Promise<string> {
    await this.#discarded
    for (;;) {
      const directory = await this.#place()
      let isMade = false
      const make = async () => {
        isMade = await makeTorrentFolder(directory)
      }
      try {
        await this.#room.note(make)
      } catch (error) {
        // At this very moment something was put there.
        if ((await this.#place()) !== directory) continue
        throw error
      }
      // In one that was there before, wishes may be noted.
      if (info) this.#unkept = isMade ? { directory, info } : undefined
      return directory
    }
  }

  /** Begins to write; {@link kept} tells how that ends. */
  keep(directory: string, metainfo: Uint8Array): void {
    const write = () =>
      writing(directory, async () => {
        const both = [writeMetainfo(directory, metainfo), saveState(directory, { whole: {} })]
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
    const unkept = this.#unkept
    this.#unkept = undefined
    if (!unkept) return
    const { directory, info } = unkept
    this.#discarded = removeFolder(directory, info).then(
      () => undefined,
      (error: unknown) => this.#log.debug('folder not removed', { directory, reason: messageOf(error) }),
    )
  }
}
