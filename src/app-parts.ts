import { randomUUID } from 'node:crypto'
import { realpath } from 'node:fs/promises'
import packageJson from '../package.json' with { type: 'json' }
import { createAddon } from './addon/addon.ts'
import { createCatalogs } from './addon/catalogs.ts'
import { createExplainStreams } from './addon/explain-streams.ts'
import { createLister } from './addon/make-list.ts'
import { createNextEpisodes } from './addon/next-episodes.ts'
import { type AnsweredList, createStreamService } from './addon/stream-service.ts'
import { videosOnDisk } from './addon/videos-on-disk.ts'
import { cacheOverview } from './admin/cache-overview.ts'
import { openOwnerToken, ownerTokenPath } from './admin/owner-token.ts'
import { OwnerTorrents } from './admin/torrents.ts'
import { WatchFolder } from './admin/watch-folder.ts'
import { Janitor } from './cleanup/janitor.ts'
import type { Config } from './config/config.ts'
import { DiskRoom } from './disk/disk-room.ts'
import { warmUpRules } from './domain/choice/warm-up.ts'
import { Guesses } from './downloads/guesses.ts'
import { createPredownloads } from './downloads/predownloads.ts'
import { NextEpisode } from './downloads/proposers/next-episode.ts'
import { OwnerAdditions } from './downloads/proposers/owner-additions.ts'
import { DownloadQueue } from './downloads/queue.ts'
import type { Engine } from './engine/engine.ts'
import { FolderWatch } from './files/folder-watch.ts'
import { startServer } from './http/server.ts'
import { createLocalFiles } from './library/local-files.ts'
import { openMediaFolders } from './library/media-folders.ts'
import { createTitles } from './library/titles.ts'
import type { Log } from './observe/log.ts'
import { openPlacedFiles, type PlacedFiles } from './placed/placed-files.ts'
import { PLACED_TABLE } from './placed/placed-marks.ts'
import { createFilmLibrary } from './sources/film-library.ts'
import { createLibrarySource } from './sources/library.ts'
import { openRemoteSources } from './sources/remote-sources.ts'
import { createSearch } from './sources/search.ts'
import type { DownloadLock } from './storage/download-lock.ts'
import { ListedFiles } from './streaming/listed-files.ts'
import { ListedTrackers } from './streaming/listed-trackers.ts'
import { mediaOpener } from './streaming/open-media.ts'
import { ReadNotes } from './streaming/reads.ts'
import { Viewers } from './streaming/viewers.ts'
import { IndexDatabase } from './torrent-index/index-database.ts'
import { type CacheIndex, openCacheIndex } from './torrent-index/torrent-index.ts'
import { INDEX_TABLE } from './torrent-index/torrent-table.ts'
import { DownloadFolderWatch } from './torrent-index/watch-download-folder.ts'
import { BroughtFiles } from './torrents/brought-files.ts'
import { openTorrentService, type TorrentService } from './torrents/torrent-service.ts'
import { WithoutPeers } from './torrents/without-peers.ts'

/** A running server. Disposing of it closes everything, in the reverse order of opening. */
export interface App extends AsyncDisposable {
  /** HTTP port */
  readonly port: number
  // What follows is read by tests only.
  readonly torrents: TorrentService
  /** what is on disk */
  readonly index: CacheIndex
  /** what the user put into the download folder */
  readonly placed: PlacedFiles
  readonly janitor: Janitor
}

/** What is opened before this file is loaded. */
interface OpenedFirst {
  readonly lock: DownloadLock
  readonly engine: Engine
}

/** Opens all parts but the engine and puts them together. */
// long: the only list of all parts, in the order in which they are opened
export async function openParts(config: Config, { lock, engine }: OpenedFirst, log: Log): Promise<App> {
  await using opened = new AsyncDisposableStack()
  const { version } = packageJson
  const instance = randomUUID()

  // Folders of ours are known by their real paths.
  const folders = { ...config.torrents, root: await realpath(config.torrents.root) }
  const { root } = folders
  const database = opened.use(new IndexDatabase(root, [INDEX_TABLE, PLACED_TABLE], log))
  const watch = opened.use(new FolderWatch(log))
  const index = opened.use(await openCacheIndex(folders, database, log))
  const viewers = new Viewers()
  const placed = opened.use(await openPlacedFiles({ root, database, watch, torrents: index, viewers }, log))
  opened.use(new DownloadFolderWatch(root, { watch, torrents: index, placed }, log))
  const room = new DiskRoom()
  const brought = new BroughtFiles()
  const withoutPeers = new WithoutPeers()
  const torrents = opened.use(
    openTorrentService(folders, { engine, index, room, brought, withoutPeers }, log),
  )
  const janitor = opened.use(new Janitor({ ...config.cleanup, root }, { index, torrents, room, lock }, log))
  const queue = opened.use(new DownloadQueue(config.downloads, { index, torrents, cache: janitor, log }))
  const additions = queue.addProposer(new OwnerAdditions(index, torrents))
  const guesses = queue.addProposer(new Guesses({ index, placed, torrents, queue }))
  const library = new OwnerTorrents({ index, torrents, queue, additions, placed, log })
  if (config.watch.path !== undefined) opened.use(new WatchFolder(config.watch.path, library, log))
  const films = createFilmLibrary(config.films, log)
  await films.films()
  const media = opened.use(openMediaFolders({ ...config.media, leftOut: config.torrents.root }, log))
  const titles = createTitles(root, { torrents: index, placed, media, films })

  const { accelPrefix, ...http } = config.http
  const handOff = accelPrefix === undefined ? undefined : { prefix: accelPrefix, root }
  const remote = opened.use(openRemoteSources({ ...config.sources, version, instance }, brought, log))
  const onDisk = createLibrarySource(config.sources, titles, remote.metadata, log)
  const search = opened.use(createSearch(config.sources, [films, ...remote.sources, onDisk], log))
  const disk = videosOnDisk(index, placed, brought)
  const makeList = createLister({ search, titles: remote.titles }, disk, withoutPeers)
  const nextEpisodes = opened.use(createNextEpisodes(search))
  const nextEpisode = opened.use(new NextEpisode({ guesses, torrents, search, log }))
  const { noteList, follow } = createPredownloads(config.predownload.kinds, { guesses, nextEpisode, index })
  const listedTrackers = new ListedTrackers()
  const listedFiles = new ListedFiles()
  const onAnswered = (list: AnsweredList) => {
    listedTrackers.note(list.found)
    listedFiles.note(list.found)
    // If there is nothing for this episode, there is nothing for the next one either.
    if (list.found.length > 0) nextEpisodes.warm(list.video)
    noteList(list)
  }
  const streams = createStreamService(config.torrents, makeList, onAnswered, log)
  const addon = createAddon({ version }, streams, createCatalogs(films, titles), remote.ids)
  const openMedia = mediaOpener(
    config.streaming,
    { torrents, placed, local: createLocalFiles(root, media, placed) },
    new ReadNotes(index, follow, log),
    { trackers: listedTrackers, files: listedFiles },
  )

  const owner = {
    password: config.access.adminPassword,
    token: await openOwnerToken(ownerTokenPath(config.data), log),
  }
  const server = opened.use(
    await startServer(
      { ...http, handOff, access: config.access.mode, owner, version, instance },
      {
        addon,
        openMedia: viewers.counted(openMedia),
        admin: janitor,
        library,
        predownloads: guesses,
        cache: cacheOverview(library, janitor, placed),
        explainStreams: createExplainStreams(makeList),
      },
      log,
    ),
  )
  queue.look()
  // Before a viewer waits for a file to be chosen; and after the port is open, since most do not.
  setImmediate(warmUpRules)
  const parts = opened.move()
  return {
    port: server.port,
    torrents,
    index,
    placed,
    janitor,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
