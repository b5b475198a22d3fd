import { dirname, relative, sep } from 'node:path'
import type { LRUCache } from 'lru-cache'
import { type InfoHash, infoHashesIn } from '../domain/bittorrent/info-hash.ts'
import { isVideo } from '../domain/content-type.ts'
import { type LibraryName, readLibraryName } from '../domain/names/library-name.ts'
import type { Work } from '../lib/in-turns.ts'
import type { IndexedFile } from '../placed/placed-folder.ts'
import type { Film } from '../sources/films.ts'
import type { Contents, FileContents } from '../storage/contents.ts'
import { localIdOf } from '../storage/local-id.ts'
import type { CacheEntry } from '../torrent-index/index-entries.ts'
import type { LibraryFile } from './library-file.ts'

/** What a torrent of the library needs of its entry in the index. */
export type TorrentOnDisk = Pick<CacheEntry, 'contents' | 'usage'>

/** Parsed names; a torrent that is downloading is read again every few seconds. */
export type Readings = LRUCache<string, { readonly about: LibraryName | undefined }>

/** The longest series have some 2 000 episodes; a torrent with more files must not fill the library. */
const MAX_FILES = 3_000
/** Characters of a path; folders further out say nothing about the file. */
const MAX_LENGTH = 1_000

/** The videos of a torrent with something on disk. */
export function filesOfTorrent(
  { contents, usage }: TorrentOnDisk,
  known: readonly Film[],
  readings: Readings,
): LibraryFile[] {
  const { infoHash, mainFile } = contents
  return filesIn(contents).flatMap(([index, { name, path, size }]) => {
    const fileIdx = Number(index)
    const film = known.find((each) => (each.fileIdx ?? mainFile) === fileIdx)
    const shown = shownPath(contents, path)
    const about = film ? aboutOf(film) : isVideo(name) ? read(shown, readings) : undefined
    if (!about) return []
    const { addedAt } = usage
    const { ids } = about
    // With the user's entry for the same film, so that it is listed once.
    const place = film && film.fileIdx === undefined ? { infoHash } : { infoHash, fileIdx }
    return { ...place, isLocal: false, name, path: shown, size, addedAt, about, ids }
  })
}

/** Parses the names of torrents' files ahead of use. */
export function* readNames(torrents: readonly TorrentOnDisk[], readings: Readings): Work<void> {
  for (const { contents } of torrents) {
    for (const [, { name, path }] of filesIn(contents)) {
      if (isVideo(name)) read(shownPath(contents, path), readings)
      yield
    }
  }
}

function filesIn({ files }: Contents): [index: string, file: FileContents][] {
  return Object.entries(files).slice(0, MAX_FILES)
}

/** A path in a torrent, with the torrent's name in front. */
function shownPath({ directory, name }: Contents, path: string): string {
  const way = relative(directory, path).split(sep).join('/')
  return way === name ? way : `${name}/${way}`
}

/**
 * Videos that the user put into the download folder. The only one with a torrent's info hash is listed as that torrent;
 * if there are several, each is listed by itself under its own name.
 */
export function filesPlaced(root: string, placed: readonly IndexedFile[], readings: Readings): LibraryFile[] {
  const counts = new Map<InfoHash, number>()
  for (const infoHash of placed.flatMap(({ infoHashes }) => infoHashes)) {
    counts.set(infoHash, (counts.get(infoHash) ?? 0) + 1)
  }
  const inFolder = Map.groupBy(placed, ({ path }) => dirname(path))
  return placed.flatMap(({ infoHashes: [infoHash], path, name, size, mtimeMs: addedAt }) => {
    const way = relative(root, path).split(sep).join('/')
    const shown = withoutHashes(way.slice(-MAX_LENGTH))
    const isNamed = /(?:^|\/)[^./][^/]*$/.test(shown)
    // The name of a folder is a title only for the one video in it.
    const hasTitle = isNamed || (shown.includes('/') && inFolder.get(dirname(path))?.length === 1)
    const about = hasTitle ? read(shown, readings) : untitled(name)
    if (!about || infoHash === undefined) return []
    const where =
      counts.get(infoHash) === 1
        ? { infoHash, isLocal: false }
        : { infoHash: placedId(root, path), fileIdx: 0, isLocal: true }
    return { ...where, name, path: way, size, addedAt, about, ids: about.ids }
  })
}

/** The id under which a placed file is listed by itself. */
export function placedId(root: string, path: string): InfoHash {
  return localIdOf('placed', relative(root, path))
}

function aboutOf({ id, type, name, year, season, episode }: Film): LibraryName {
  const shared = { title: name, ids: [id], ...(year === undefined ? {} : { year }) }
  if (type === 'movie') return { kind: 'movie', episodes: [], ...shared }
  return { kind: 'episode', season: season ?? 1, episodes: [episode ?? 1], ...shared }
}

function read(path: string, readings: Readings): LibraryName | undefined {
  const known = readings.get(path)
  if (known) return known.about
  const about = readLibraryName(path)
  readings.set(path, { about })
  return about
}

/** A video without any title is listed by its file name, so that it is not taken for another without one. */
function untitled(name: string): LibraryName {
  return { kind: 'movie', title: name, episodes: [], ids: [] }
}

/**
 * Removes info hashes, and the brackets around them: they are not part of the title. Of a video that is named by its
 * info hash alone, the extension is left.
 */
function withoutHashes(path: string): string {
  const extension = isVideo(path) ? path.slice(path.lastIndexOf('.')) : ''
  const segments = path.slice(0, path.length - extension.length).split('/')
  const named = segments.map((segment) =>
    infoHashesIn(segment).length > 0
      ? segment.replace(/[[(]?(?:[0-9a-f]{40}|[a-z2-7]{32})[\])]?[-_. ]*/gi, ' ').trim()
      : segment,
  )
  return [...named.slice(0, -1).filter(Boolean), (named.at(-1) ?? '') + extension].join('/')
}
