import { LRUCache } from 'lru-cache'
import { heapBytes } from '../lib/heap-bytes.ts'
import { inTurns } from '../lib/in-turns.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { FilmLibrary } from '../sources/film-library.ts'
import type { Film } from '../sources/films.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { LibraryFile } from './library-file.ts'
import type { MediaFolders } from './media-folders.ts'
import { type Kind, type Titled, TitleIndex, type Work } from './title-index.ts'
import { filesOfTorrent, filesPlaced, type Readings, readNames, type TorrentOnDisk } from './torrent-files.ts'

/** The stores of videos on disk. A store's version changes whenever its content does. */
export interface Shelves {
  readonly torrents: Pick<CacheIndex, 'version' | 'entries'>
  readonly placed: Pick<PlacedFiles, 'version' | 'videos'>
  readonly media: Pick<MediaFolders, 'version' | 'files'>
  /** films that the user has described */
  readonly films: Pick<FilmLibrary, 'films'>
}

/** All films and series on disk: of torrents, placed for one, and in media folders. */
export interface Titles {
  /** the same list until something changes */
  works(kind: Kind): Promise<readonly Work[]>
  /** @param id - a catalogue's, or one of ours */
  withId(kind: Kind, id: string): Promise<Work[]>
  /** Files with exactly this title. */
  titled(kind: Kind, title: string): Promise<Titled[]>
  has(kind: Kind): Promise<boolean>
}

/** Memory for parsed names that are not in the index, in bytes; one takes some hundred. */
const MAX_READINGS = 32 * 1024 * 1024

const NONE: readonly Film[] = []

/** @param root - the download folder */
export function createTitles(root: string, { torrents, placed, media, films }: Shelves): Titles {
  const index = new TitleIndex()
  const readings: Readings = new LRUCache({
    maxSize: MAX_READINGS,
    sizeCalculation: (reading, path) => heapBytes([path, reading]),
  })
  const listed = new WeakMap<object, { readonly files: readonly LibraryFile[]; readonly isNamed: boolean }>()
  const ofTorrents = new Shelf(index)
  const ofPlaced = new Shelf(index)
  const ofMedia = new Shelf(index)

  /** Brings the index up to date before it answers. */
  async function current(): Promise<TitleIndex> {
    const known = await films.films()
    // A torrent may bring thousands of files whose names take long to parse.
    await inTurns(
      readNames(
        torrents.entries().filter(({ contents }) => !listed.has(contents)),
        readings,
      ),
    )
    ofTorrents.update([torrents.version, known.length, known.at(-1)], () => {
      const byInfoHash = Map.groupBy(known, ({ infoHash }) => infoHash)
      return torrents
        .entries()
        .flatMap((entry) => filesOf(entry, byInfoHash.get(entry.contents.infoHash) ?? NONE))
    })
    ofPlaced.update([placed.version], () => filesPlaced(root, placed.videos(), readings))
    ofMedia.update([media.version], () => media.files())
    return index
  }

  /** The same objects as long as the torrent is unchanged. */
  function filesOf(entry: TorrentOnDisk, films: readonly Film[]): readonly LibraryFile[] {
    const before = listed.get(entry.contents)
    if (before && films.length === 0 && !before.isNamed) return before.files
    const files = filesOfTorrent(entry, films, readings)
    listed.set(entry.contents, { files, isNamed: films.length > 0 })
    return files
  }

  return {
    works: async (kind) => (await current()).works(kind),
    withId: async (kind, id) => (await current()).withId(kind, id),
    titled: async (kind, title) => (await current()).titled(kind, title),
    has: async (kind) => (await current()).has(kind),
  }
}

/** The files of one store in the index. */
class Shelf {
  readonly #index: TitleIndex
  #files: ReadonlySet<LibraryFile> = new Set()
  #version: readonly unknown[] = []

  constructor(index: TitleIndex) {
    this.#index = index
  }

  /** Adds new files to the index and removes those that are gone; does nothing for the same version. */
  update(version: readonly unknown[], list: () => readonly LibraryFile[]): void {
    const isSame = version.length === this.#version.length
    if (isSame && version.every((each, at) => each === this.#version[at])) return
    this.#version = version
    const files = new Set(list())
    for (const file of this.#files) if (!files.has(file)) this.#index.remove(file)
    for (const file of files) if (!this.#files.has(file)) this.#index.add(file)
    this.#files = files
  }
}
