import { dirname, join } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { MIN_VIDEO_BYTES } from '../domain/content-type.ts'
import { whenSettled } from '../files/finished-writing.ts'
import type { FolderWatch } from '../files/folder-watch.ts'
import { exists } from '../files/if-there.ts'
import { OpenFiles } from '../files/open-files.ts'
import { fingerprintOf } from '../files/same-file.ts'
import { openUserVideo, type UserVideo } from '../files/user-video.ts'
import type { Log } from '../observe/log.ts'
import { OURS } from '../storage/mark.ts'
import type { IndexDatabase } from '../torrent-index/index-database.ts'
import { PlacedChecker } from './placed-checker.ts'
import { choosePlaced, type FoundFile, filesFor, isCalled } from './placed-choice.ts'
import { PlacedFolder } from './placed-folder.ts'
import type { IndexedFile } from './placed-index.ts'
import { PlacedMarks } from './placed-marks.ts'
import { placedTable, type Verdict } from './placed-table.ts'

/** A video that the user put into the download folder, in a list. */
export interface PlacedEntry {
  /** all info hashes in its name and in those of its folders */
  readonly infoHashes: readonly InfoHash[]
  readonly path: string
  readonly name: string
  /** bytes */
  readonly size: number
  /** `mismatched`: it does not match its torrent, and is not served for it */
  readonly verdict: Verdict | 'unchecked'
  readonly plays: number
  /** epoch ms; `undefined` = never */
  readonly lastReadAt?: number | undefined
}

/** Which of the files that stand for a torrent to play. */
export interface PlacedQuery {
  readonly infoHash: InfoHash
  /** An episode is never just the largest file: if no name has its number, there is none. */
  readonly choice: FileChoice
  /** preferred name if several files match; otherwise the largest is taken */
  readonly name?: string | undefined
}

export interface PlacedFiles extends AsyncDisposable {
  /**
   * The file that stands for a torrent: its name, or that of a folder it is in, contains the info hash.
   *
   * @param mustBeVerified - called if there is a file: whether it must have been compared with its torrent
   */
  find(
    wanted: PlacedQuery,
    signal: AbortSignal,
    mustBeVerified?: () => boolean,
  ): Promise<UserVideo | undefined>
  /** As `find`, but only from memory. */
  peek(wanted: PlacedQuery): PlacedEntry | undefined
  /**
   * The file at a path, independent of any torrent.
   *
   * @returns `undefined` if there is none, or it matches none of the torrents in its name
   */
  openAt(path: string, signal: AbortSignal): Promise<UserVideo | undefined>
  entries(): PlacedEntry[]
  /** Files that are large enough to be videos. */
  videos(): readonly IndexedFile[]
  /** changes whenever the list of files does */
  readonly version: number
  /** Examines a path that may have changed. */
  look(path: string): Promise<void>
  /** Scans everything again. */
  check(signal: AbortSignal): Promise<void>
}

/** The torrents on disk. */
interface Torrents {
  find(infoHash: InfoHash): unknown
  /** Whether a torrent is in this very folder. */
  holds(directory: string): boolean
  readInfo(infoHash: InfoHash): Promise<TorrentInfo | undefined>
  /** The listener is called whenever something about a torrent has changed, such as its metadata. */
  onTorrent(listener: (infoHash: InfoHash) => void): void
}

/**
 * Indexes the files that the user put into the download folder, and keeps the index up to date.
 *
 * @param root - the download folder
 * @param database - has the table of marks; must be open until this is disposed of
 */
export async function openPlacedFiles(
  root: string,
  database: IndexDatabase,
  watch: FolderWatch,
  torrents: Torrents,
  viewers: { readonly areThere: boolean },
  log: Log,
): Promise<PlacedFiles> {
  await using opening = new AsyncDisposableStack()
  const files = new OpenFiles()
  const marks = opening.use(new PlacedMarks(root, placedTable(database)))
  const checker = opening.use(new PlacedChecker(torrents, viewers, marks, log))
  const folder = opening.use(new PlacedFolder(root, torrents, watch, log))
  const { index } = folder
  folder.onFile((file) => checker.request(file))
  torrents.onTorrent((infoHash) => {
    for (const file of index.find(infoHash)) checker.request(file)
  })
  await folder.load()
  marks.retainOnly(index.all().map(({ path }) => path))
  const parts = opening.move()

  function choose(
    { infoHash, choice, name }: PlacedQuery,
    signal: AbortSignal,
    mustBeVerified: () => boolean,
  ) {
    const isRight = ({ file: { path }, stats }: FoundFile) => {
      const verdict = marks.verdictOf({ path, fingerprint: fingerprintOf(stats) }, infoHash)
      return mustBeVerified() ? verdict === 'verified' : verdict !== 'mismatched'
    }
    return choosePlaced(filesFor(choice, index.find(infoHash)), name, isRight, signal)
  }

  function peek({ infoHash, choice, name }: PlacedQuery): PlacedEntry | undefined {
    const isRight = (file: IndexedFile) => marks.verdictOf(file, infoHash) !== 'mismatched'
    const [first] = filesFor(choice, index.find(infoHash))
      .filter((file) => file.size >= MIN_VIDEO_BYTES && isRight(file))
      .sort((a, b) => Number(isCalled(b, name)) - Number(isCalled(a, name)) || b.size - a.size)
    return first && entry(first)
  }

  function opened({ file, stats }: FoundFile): Promise<UserVideo> {
    return openUserVideo(files, file.path, stats, (client) => marks.noteRead(file, client))
  }

  function videos(): IndexedFile[] {
    return index.all().filter(({ size }) => size >= MIN_VIDEO_BYTES)
  }

  function entry(file: IndexedFile): PlacedEntry {
    const { infoHashes, path, name, size } = file
    const verdicts = infoHashes.map((infoHash) => marks.verdictOf(file, infoHash))
    // A name may contain several info hashes; matching one of them is enough.
    const verdict =
      (['verified', 'mismatched'] as const).find((each) => verdicts.includes(each)) ?? 'unchecked'
    return { infoHashes, path, name, size, verdict, ...marks.readsOf(path) }
  }

  return {
    peek,
    async find(wanted, signal, mustBeVerified = () => false) {
      let chosen = await choose(wanted, signal, mustBeVerified)
      if (!chosen) {
        // The file may have just been put there.
        await folder.upToDate()
        chosen = await choose(wanted, signal, mustBeVerified)
      }
      // A folder of ours may have taken the place of the user's.
      if (!chosen || (await isInOurs(root, chosen.file.path))) return undefined
      return opened(chosen)
    },
    async openAt(path, signal) {
      const file = index.get(path)
      const stats = file && (await whenSettled(path, signal))
      if (!stats || stats.size < MIN_VIDEO_BYTES || entry(file).verdict === 'mismatched') return undefined
      return opened({ file, stats })
    },
    entries: () => videos().map(entry),
    videos,
    get version() {
      return index.version
    },
    look: (path) => folder.look(path),
    check: (signal) => folder.check(signal),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Whether a file is in a folder with our mark. */
async function isInOurs(root: string, path: string): Promise<boolean> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder))
    if (await exists(join(folder, OURS))) return true
  return false
}
