import type { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Engine } from '../engine/engine.ts'
import type { Log } from '../observe/log.ts'
import { readFolder } from '../storage/folder-state.ts'
import { isOurs } from '../storage/mark.ts'
import type { BroughtFiles } from './brought-files.ts'
import type { SwarmSlots } from './swarm-slots.ts'
import { Torrent, type TorrentKeeper, type TorrentOptions } from './torrent.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { TorrentPlaces } from './torrent-places.ts'
import type { TorrentLoader } from './torrent-registry.ts'

export type LoaderOptions = Omit<TorrentOptions, 'infoHash' | 'directory'>

/** What torrents are made with. */
export interface LoaderParts extends Pick<TorrentKeeper, 'room' | 'withoutPeers'> {
  readonly engine: Engine
  readonly index: TorrentIndexPort
  readonly places: TorrentPlaces
  readonly slots: SwarmSlots
  readonly brought: BroughtFiles
  /** torrents whose metadata a viewer needed lately */
  readonly knownLately: LRUCache<InfoHash, true>
}

/** Makes torrents out of what an earlier run left on disk. */
export function torrentLoader(options: LoaderOptions, parts: LoaderParts, log: Log): TorrentLoader<Torrent> {
  const { engine, index, places, slots, brought, knownLately, room, withoutPeers } = parts
  return {
    async load(infoHash, base) {
      const directory = await places.find(infoHash, base)
      const found = await readFolder(directory, infoHash)
      const torrent = new Torrent(
        { ...options, infoHash, directory },
        found,
        engine,
        {
          room,
          withoutPeers,
          place: () => places.find(infoHash, base),
          takeSlot: (newcomer, purpose, join) => slots.take(newcomer, purpose, join),
          isDryElsewhere: (than) => slots.isDryElsewhere(than),
          onDryChanged: (changed) => slots.onDryChanged(changed),
          onContents: (contents) => index.put(contents, torrent.isOnlyGuess ? 'ahead' : 'watched'),
          onSeeders: (seeders) => index.noteSeeders(infoHash, seeders),
        },
        log,
        Date.now(),
      )
      if (!found) log.info(`Adding new torrent: magnet:?xt=urn:btih:${infoHash}`)
      return torrent
    },
    /** Another program took the folder away. */
    isStale: async (torrent) =>
      torrent.info !== undefined && !torrent.isUsed && !(await isOurs(torrent.directory)),
    async unload(torrent) {
      const { infoHash, directory, known } = torrent
      log.warn('folder of a torrent is gone; starting over', { infoHash, directory })
      knownLately.set(infoHash, true)
      if (known) brought.put(infoHash, known)
      await torrent.leaveSwarm()
      index.forget(infoHash)
    },
  }
}
