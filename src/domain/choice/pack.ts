import { atOnce, inTurns, type Work } from '../../lib/in-turns.ts'
import type { TorrentFile } from '../bittorrent/metainfo.ts'
import { isVideo } from '../content-type.ts'
import { isExtra, isSample } from '../names/extras.ts'
import { halfOf } from '../names/halves.ts'
import { type NameNumbers, readNumbers } from '../names/name-numbers.ts'
import { type PathNumbers, placeNumbers, readFolder } from '../names/path-numbers.ts'
import { roughTitle } from '../names/rough-title.ts'
import { withDashes, withGuesses, withoutShared } from '../names/sibling-numbers.ts'
import { titleWords } from '../names/titles.ts'
import { archiveSamples } from './archives.ts'
import { isOfDisc, mainFilesOfDiscs, withoutDiscFolders } from './discs.ts'
import { type FilmName, filmBehindYear, readFilm } from './film.ts'

/** What is known of a torrent when a file is chosen. */
export interface Pack {
  readonly name: string
  readonly files: readonly TorrentFile[]
}

/** A video that can be played. */
interface PackVideo {
  /** counted over all files of the torrent */
  readonly index: number
  readonly file: TorrentFile
  /**
   * not the main content of the torrent: a sample; an extra, such as a trailer or an opening without credits; a sample
   * of a film in an archive
   */
  readonly beside?: 'sample' | 'extra' | 'packed'
  /** first file of the film on a copied disc */
  readonly isDisc?: boolean
}

/** A video with its name parsed. */
export interface ReadVideo extends PackVideo {
  readonly numbers: PathNumbers
  /** the numbers in the name of its own folder, if it has one */
  readonly folder?: NameNumbers
  /** the words before the numbers in its name, separated by blanks, in the form of titles.ts */
  readonly title: string
  /** the words of its path, each with a blank before and after it */
  readonly pathWords: string
  readonly film: FilmName
  /** which part of a film or an episode it is, from 1 */
  readonly half: number
}

/** Folders further out say nothing, and strangers may nest them without limit. */
const MAX_FOLDERS = 3

// A player opens a connection for every seek, and each of them chooses again: names are parsed once.
const readings = new WeakMap<Pack, readonly ReadVideo[]>()
const several = new WeakMap<readonly TorrentFile[], boolean>()

/** Whether a player can play a file of a torrent. */
export function isPlayable(file: TorrentFile): boolean {
  return !file.isPadding && file.length > 0 && isVideo(file.name)
}

/** Whether there is more than one video that is not a sample or an extra. */
export function holdsSeveral(files: readonly TorrentFile[]): boolean {
  const known = several.get(files)
  if (known !== undefined) return known
  const isFeature = (file: TorrentFile) => isPlayable(file) && !besideOf(file.path).beside
  const first = files.findIndex(isFeature)
  const holds = first >= 0 && files.slice(first + 1).some(isFeature)
  several.set(files, holds)
  return holds
}

/** All videos with the numbers from their names, folders and siblings. */
export function readPack(pack: Pack): readonly ReadVideo[] {
  return readings.get(pack) ?? atOnce(reading(pack))
}

/** Parses the names of a pack ahead of use: thousands of long names take seconds. */
export async function readPackInTurns(pack: Pack): Promise<void> {
  if (!readings.has(pack)) await inTurns(reading(pack))
}

function* reading(pack: Pack): Work<readonly ReadVideo[]> {
  const videos = yield* readVideos(pack)
  readings.set(pack, videos)
  return videos
}

/** If there are only samples and extras, they are the main content, unless there is an archive. */
function* findVideos(files: readonly TorrentFile[]): Work<PackVideo[]> {
  const isOfArchive = archiveSamples(files)
  yield
  const mainOfDiscs = mainFilesOfDiscs(files)
  yield
  const roleOf = ({ path, length }: TorrentFile, index: number): Pick<PackVideo, 'beside' | 'isDisc'> => {
    if (isOfArchive(path, length)) return { beside: 'packed' }
    if (!isOfDisc(path)) return besideOf(path)
    return mainOfDiscs.has(index) ? { isDisc: true } : { beside: 'extra' }
  }
  const videos: PackVideo[] = []
  for (const [index, file] of files.entries()) {
    if (!isPlayable(file)) continue
    videos.push({ index, file, ...roleOf(file, index) })
    yield
  }
  if (videos.some(({ beside }) => !beside || beside === 'packed')) return videos
  const leftBeside = videos.some(({ beside }) => beside === 'extra') ? 'sample' : undefined
  return videos.map(({ file, index, beside }) =>
    beside === leftBeside && beside ? { file, index, beside } : { file, index },
  )
}

function besideOf(path: string): Pick<PackVideo, 'beside'> {
  if (isSample(path)) return { beside: 'sample' }
  return isExtra(path) ? { beside: 'extra' } : {}
}

function* readVideos(pack: Pack): Work<ReadVideo[]> {
  const videos = yield* findVideos(pack.files)
  const readFolders = folderReader(pack, videos)
  const families = Map.groupBy(videos, ({ file, beside = '' }) => `${beside}/${folderOf(file.path)}`)
  const torrentTitle = roughTitle(readNumbers(pack.name, false))
  const collection = (folder: NameNumbers | undefined) =>
    folder ? [roughTitle(folder), torrentTitle] : [torrentTitle]
  const read: ReadVideo[] = []
  for (const [family, siblings] of families) {
    const path = withoutDiscFolders(family.slice(family.indexOf('/') + 1))
    const parents = readFolders(path)
    const [folder] = path ? parents : []
    const named: (PackVideo & { readonly folder?: NameNumbers; readonly numbers: NameNumbers })[] = []
    for (const video of siblings) {
      const numbers = readNumbers(isOfDisc(video.file.path) ? '' : stemOf(video.file.name), true)
      named.push({ ...video, ...(folder ? { folder } : {}), numbers })
      yield
    }
    const placed = withoutShared(withDashes(named)).map((each) => ({
      ...each,
      numbers: placeNumbers(each.numbers, parents),
    }))
    for (const video of withGuesses(placed)) {
      const title = titleWords(roughTitle(video.numbers)).join(' ')
      const film =
        filmBehindYear(video.file.name, collection(folder), folder) ?? readFilm(video.numbers, title, folder)
      const half = halfOf(video.file.name)?.number ?? video.numbers.part ?? 1
      read.push({ ...video, title, film, half, pathWords: ` ${titleWords(video.file.path).join(' ')} ` })
      yield
    }
  }
  return read
}

/** Parses the folders of a video, innermost first, with the name of the torrent as the outermost; each of them once. */
function folderReader(pack: Pack, videos: readonly PackVideo[]): (folder: string) => NameNumbers[] {
  const known = new Map<string, NameNumbers>()
  const features = videos.filter(({ beside }) => !beside).map(({ file }) => foldersOf(folderOf(file.path)))
  const counts = new Map<string, number>()
  for (const folder of features.flat()) counts.set(folder, (counts.get(folder) ?? 0) + 1)
  // A single-file torrent has the name of its file.
  const isFile = pack.files.length === 1 && pack.files[0]?.path === pack.name
  const torrent = isFile ? [] : [forFiles(readNumbers(stemOf(pack.name), false), features.length)]

  function read(folder: string): NameNumbers {
    const numbers =
      known.get(folder) ?? forFiles(readFolder(folder.slice(folder.lastIndexOf('/') + 1)), counts.get(folder))
    known.set(folder, numbers)
    return numbers
  }
  return (folder) => [...foldersOf(folder).map(read), ...torrent]
}

/** The name of a folder with several videos may give their season, but not an episode. */
function forFiles(folder: NameNumbers, videos: number | undefined): NameNumbers {
  if (videos === 1) return folder
  const { date: _, ...numbers } = folder
  return { ...numbers, episodes: [], absolute: [] }
}

/** A folder and its parents, innermost first. */
function foldersOf(folder: string): string[] {
  const folders: string[] = []
  for (let path = folder; path && folders.length < MAX_FOLDERS; path = folderOf(path)) folders.push(path)
  return folders
}

/** The folders of a file; empty if there are none. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function stemOf(name: string): string {
  return isVideo(name) ? name.slice(0, name.lastIndexOf('.')) : name
}
