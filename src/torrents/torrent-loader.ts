import type { Log } from '../observe/log.ts'
import { LOG_MESSAGES } from '../observe/log-messages.ts'
import { isOurs } from '../storage/mark.ts'
import { readFolder } from '../storage/read-folder.ts'
import type { BroughtFiles } from './brought-files.ts'
import type { KnownLately } from './held-torrents.ts'
import { Torrent } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { TorrentOptions, TorrentParts } from './torrent-parts.ts'
import type { TorrentLoader } from './torrent-registry.ts'

export type LoaderOptions = Omit<TorrentOptions, 'infoHash' | 'directory' | 'base'>

/** What torrents are made with. */
export interface LoaderParts extends TorrentParts {
  readonly index: TorrentIndexPort
  readonly brought: BroughtFiles
  /** torrents whose metadata a viewer needed lately */
  readonly knownLately: KnownLately
}

/** Makes torrents out of what an earlier run left on disk. */
export function torrentLoader(options: LoaderOptions, parts: LoaderParts, log: Log): TorrentLoader<Torrent> {
  const { index, places, brought, knownLately } = parts
  return {
    async load(infoHash, base) {
      const directory = await places.find(infoHash, base)
      const found = await readFolder(directory, infoHash)
      if (!found) log.info(LOG_MESSAGES.adding(infoHash))
      return new Torrent({ ...options, infoHash, directory, base }, found, parts, log)
    },
    /** Another program took the folder away. */
    isStale: async (torrent) =>
      torrent.info !== undefined && !torrent.users.isUsed && !(await isOurs(torrent.directory)),
    async unload(torrent) {
      const { infoHash, directory, torrentFile } = torrent
      log.warn('folder of a torrent is gone; starting over', { infoHash, directory })
      knownLately.note(infoHash)
      if (torrentFile) brought.put(infoHash, torrentFile)
      await torrent.leaveSwarm()
      index.forget(infoHash)
    },
  }
}
