import type { DiskRoom } from '../disk/disk-room.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Log } from '../observe/log.ts'
import { isOurs } from '../storage/mark.ts'
import {
  type Grounds,
  locateFolder,
  makeTorrentFolder,
  readLocation,
  writeLocation,
} from '../storage/torrent-folder.ts'
import { withRoom } from './fetching/with-room.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'

/** Finds the folder of a torrent: in the download folder, or under an extra path. */
export class TorrentPlaces {
  readonly #grounds: Grounds
  readonly #index: Pick<TorrentIndexPort, 'find'>
  readonly #room: DiskRoom
  readonly #log: Log

  constructor(grounds: Grounds, index: Pick<TorrentIndexPort, 'find'>, room: DiskRoom, log: Log) {
    this.#grounds = grounds
    this.#index = index
    this.#room = room
    this.#log = log
  }

  /**
   * Where the folder of a torrent is, or is to be, as the disk is now.
   *
   * @param base - extra path to put it under, if it has no folder yet
   */
  async find(infoHash: InfoHash, base: string | undefined): Promise<string> {
    const known = this.#index.find(infoHash)?.directory
    if (known !== undefined && (await isOurs(known))) return known
    const { root } = this.#grounds
    const elsewhere = await readLocation(this.#grounds, infoHash, (reason) =>
      this.#log.warn('location of a torrent ignored', { reason }),
    )
    if (elsewhere !== undefined || base === undefined)
      return elsewhere ?? (await locateFolder(root, infoHash))
    const directory = await locateFolder(base, infoHash)
    // The folder comes first: a location must never name a folder that could not be made.
    await withRoom(this.#room, base, () => makeTorrentFolder(directory))
    await withRoom(this.#room, root, () => writeLocation(root, infoHash, directory))
    return directory
  }
}
