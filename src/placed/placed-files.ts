import { dirname, join } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
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
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import { PlacedChecker } from './placed-checker.ts'
import { choosePlaced, type FoundFile, filesFor, isCalled } from './placed-choice.ts'
import { type IndexedFile, PlacedFolder } from './placed-folder.ts'
import { PlacedMarks, type Verdict } from './placed-marks.ts'

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
  /**
   * An episode is never just the largest file: if no name has its number, there is none. An index means only the file
   * that is, or may be, the torrent's file of that index.
   */
  readonly choice: FileChoice
  /** preferred name if several files match, else the largest is taken; with an index, it also says the episode */
  readonly name?: string | undefined
}

export interface PlacedFilesParts {
  /** the download folder */
  readonly root: string
  /** has the table of marks; must be open until the placed files are closed */
  readonly database: IndexDatabase
  readonly watch: FolderWatch
  readonly torrents: Pick<CacheIndex, 'find' | 'holds' | 'readInfo' | 'onTorrent'>
  readonly viewers: { readonly areThere: boolean }
}

/** Indexes the files that the user put into the download folder, and keeps the index up to date. */
export async function openPlacedFiles(
  { root, database, watch, torrents, viewers }: PlacedFilesParts,
  log: Log,
): Promise<PlacedFiles> {
  await using opening = new AsyncDisposableStack()
  const marks = opening.use(new PlacedMarks(root, database))
  const checker = opening.use(new PlacedChecker(torrents, viewers, marks, log))
  const folder = opening.use(new PlacedFolder(root, torrents, watch, log))
  folder.onFile((file) => checker.request(file))
  torrents.onTorrent((infoHash) => {
    for (const file of folder.index.find(infoHash)) checker.request(file)
  })
  await folder.load()
  marks.retainOnly(folder.index.all().map(({ path }) => path))
  return new PlacedFiles(root, folder, marks, opening.move())
}

/** All videos that the user put into the download folder. */
export class PlacedFiles implements AsyncDisposable {
  readonly #root: string
  readonly #folder: PlacedFolder
  readonly #marks: PlacedMarks
  readonly #parts: AsyncDisposable
  readonly #opened = new OpenFiles()

  /** @param parts - closed with this */
  constructor(root: string, folder: PlacedFolder, marks: PlacedMarks, parts: AsyncDisposable) {
    this.#root = root
    this.#folder = folder
    this.#marks = marks
    this.#parts = parts
  }

  /**
   * The file that stands for a torrent: its name, or that of a folder it is in, contains the info hash.
   *
   * @param mustBeVerified - called if there is a file: whether it must have been compared with its torrent
   */
  async find(
    wanted: PlacedQuery,
    signal: AbortSignal,
    mustBeVerified: () => boolean = () => false,
  ): Promise<UserVideo | undefined> {
    let chosen = await this.#choose(wanted, signal, mustBeVerified)
    if (!chosen) {
      // The file may have just been put there.
      await this.#folder.upToDate()
      chosen = await this.#choose(wanted, signal, mustBeVerified)
    }
    // A folder of ours may have taken the place of the user's.
    if (!chosen || (await isInOurs(this.#root, chosen.file.path))) return undefined
    return this.#open(chosen)
  }

  /** As `find`, but only from memory. */
  peek(wanted: PlacedQuery): PlacedEntry | undefined {
    const { infoHash, name } = wanted
    const isRight = (file: IndexedFile) => this.#marks.verdictOf(file, infoHash) !== 'mismatched'
    const [first] = this.#filesFor(wanted)
      .filter((file) => file.size >= MIN_VIDEO_BYTES && isRight(file))
      .sort((a, b) => Number(isCalled(b, name)) - Number(isCalled(a, name)) || b.size - a.size)
    return first && this.#entry(first)
  }

  /**
   * The file at a path, independent of any torrent.
   *
   * @returns `undefined` if there is none, or it matches none of the torrents in its name
   */
  async openAt(path: string, signal: AbortSignal): Promise<UserVideo | undefined> {
    const file = this.#folder.index.get(path)
    const stats = file && (await whenSettled(path, signal))
    if (!stats || stats.size < MIN_VIDEO_BYTES || this.#entry(file).verdict === 'mismatched') return undefined
    return this.#open({ file, stats })
  }

  entries(): PlacedEntry[] {
    return this.videos().map((file) => this.#entry(file))
  }

  /** Files that are large enough to be videos. */
  videos(): readonly IndexedFile[] {
    return this.#folder.index.all().filter(({ size }) => size >= MIN_VIDEO_BYTES)
  }

  /** Changes whenever the list of files does. */
  get version(): number {
    return this.#folder.index.version
  }

  /** Examines a path that may have changed. */
  look(path: string): Promise<void> {
    return this.#folder.look(path)
  }

  /** Scans everything again. */
  check(signal: AbortSignal): Promise<void> {
    return this.#folder.check(signal)
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#parts[Symbol.asyncDispose]()
  }

  #filesFor(wanted: PlacedQuery): readonly IndexedFile[] {
    const { infoHash } = wanted
    return filesFor(wanted, this.#folder.index.find(infoHash), (file) => this.#marks.matchOf(file, infoHash))
  }

  #choose(wanted: PlacedQuery, signal: AbortSignal, mustBeVerified: () => boolean) {
    const { infoHash, name } = wanted
    const isRight = ({ file: { path }, stats }: FoundFile) => {
      const verdict = this.#marks.verdictOf({ path, fingerprint: fingerprintOf(stats) }, infoHash)
      return mustBeVerified() ? verdict === 'verified' : verdict !== 'mismatched'
    }
    return choosePlaced(this.#filesFor(wanted), name, isRight, signal)
  }

  #open({ file, stats }: FoundFile): Promise<UserVideo> {
    return openUserVideo(this.#opened, file.path, stats, (client) => this.#marks.noteRead(file, client))
  }

  #entry(file: IndexedFile): PlacedEntry {
    const { infoHashes, path, name, size } = file
    const verdicts = infoHashes.map((infoHash) => this.#marks.verdictOf(file, infoHash))
    // A name may contain several info hashes; matching one of them is enough.
    const verdict =
      (['verified', 'mismatched'] as const).find((each) => verdicts.includes(each)) ?? 'unchecked'
    return { infoHashes, path, name, size, verdict, ...this.#marks.readsOf(path) }
  }
}

/** Whether a file is in a folder with our mark. */
async function isInOurs(root: string, path: string): Promise<boolean> {
  for (let folder = dirname(path); folder.length > root.length; folder = dirname(folder))
    if (await exists(join(folder, OURS))) return true
  return false
}
