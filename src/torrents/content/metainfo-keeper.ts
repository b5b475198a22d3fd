import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { messageOf } from '../../domain/errors.ts'
import { removeFolder } from '../../files/clear-folder.ts'
import type { Log } from '../../observe/log.ts'
import { saveState } from '../../storage/folder-state.ts'
import { adoptFiles } from '../../storage/own-files.ts'
import { makeTorrentFolder, writeMetainfo, writing } from '../../storage/torrent-folder.ts'
import type { TorrentRoom } from '../fetching/torrent-room.ts'

/** Makes the folder of a torrent when its metadata comes, and saves the metadata in it; or leaves nothing behind. */
export class MetainfoKeeper {
  readonly #place: () => Promise<string>
  readonly #room: TorrentRoom
  readonly #log: Log
  /** metadata received but not saved yet, in a folder made for it; its files may exist already */
  #unkept: { readonly directory: string; readonly info: TorrentInfo } | undefined
  #kept: Promise<void> = Promise.resolve()
  #discarded: Promise<void> = Promise.resolve()

  /** @param place - where the folder is, or is to be, as the disk is when it is called */
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
   * Makes the folder; beside a folder of the user, if one was put in its place meanwhile.
   *
   * @param info - the metadata, if it is to be saved in it
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
        // Something was put there just now.
        if ((await this.#place()) !== directory) continue
        throw error
      }
      if (!info) return directory
      // A folder that existed before may hold notes on downloads: it is never removed.
      this.#unkept = isMade ? { directory, info } : undefined
      if (!isMade) await this.noteOwnFiles(directory, info)
      return directory
    }
  }

  /** Notes which files are ours, unless that is noted: the engine writes to no others. */
  noteOwnFiles(directory: string, info: TorrentInfo): Promise<void> {
    return this.#room.note(() => writing(directory, () => adoptFiles(directory, info)))
  }

  /** Begins to save the metadata; {@link kept} resolves or rejects when that has ended. */
  keep(directory: string, metainfo: Uint8Array): void {
    const write = () =>
      writing(directory, async () => {
        const both = [writeMetainfo(directory, metainfo), saveState(directory, { whole: {} })]
        // If one fails, it must not be tried again while the other is being written.
        await Promise.allSettled(both)
        await Promise.all(both)
      })
    this.#kept = this.#room.note(write).then(() => {
      this.#unkept = undefined
    })
  }

  /** Removes the folder if the metadata could not be saved; call it after the engine has closed its files. */
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
