import { LRUCache } from 'lru-cache'
import { heapBytes } from '../lib/heap-bytes.ts'
import { inTurns } from '../lib/in-turns.ts'
import type { LibraryFile } from './library-file.ts'
import { type Kind, type Titled, TitleIndex, type Work } from './title-index.ts'
import {
  filesOfTorrent,
  filesPlaced,
  type KnownFilm,
  type PlacedVideo,
  type Readings,
  readNames,
  type TorrentOnDisk,
} from './torrent-files.ts'

/** Who knows what lies on the disk. Their versions are others whenever something has changed. */
export interface Shelves {
  readonly torrents: { readonly version: number; entries(): readonly TorrentOnDisk[] }
  readonly placed: { readonly version: number; videos(): readonly PlacedVideo[] }
  readonly media: { readonly version: number; files(): readonly LibraryFile[] }
  /** films of which the user has said what they are */
  readonly films: { films(): Promise<readonly KnownFilm[]> }
}

/** All films and series on disk: of torrents, placed for one, and in folders of films. */
export interface Titles {
  /** the same list until something changes */
  works(kind: Kind): Promise<readonly Work[]>
  /** @param id - of a catalogue, or one of our own */
  withId(kind: Kind, id: string): Promise<Work[]>
  /** What is called so, and nothing that is only called alike. */
  titled(kind: Kind, title: string): Promise<Titled[]>
  has(kind: Kind): Promise<boolean>
}

/** What the names that were read may weigh, beside those in the index: bytes; one takes some hundred. */
const MAX_READINGS = 32 * 1024 * 1024

const NONE: readonly KnownFilm[] = []

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

  /** What has changed since the last time is looked at before anybody gets an answer. */
  async function current(): Promise<TitleIndex> {
    const known = await films.films()
    // A torrent may come with thousands of files whose names take long to read.
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

  /** The same objects as long as a torrent is the same. */
  function filesOf(entry: TorrentOnDisk, films: readonly KnownFilm[]): readonly LibraryFile[] {
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

/** The files of one kind in the index. */
class Shelf {
  readonly #index: TitleIndex
  #files: ReadonlySet<LibraryFile> = new Set()
  #version: readonly unknown[] = []

  constructor(index: TitleIndex) {
    this.#index = index
  }

  /** Takes what is new into the index, and out of it what is gone; nothing is done for the same version. */
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
