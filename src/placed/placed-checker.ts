import { setTimeout as sleep } from 'node:timers/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { piecesOnlyOf } from '../domain/bittorrent/segments.ts'
import { messageOf } from '../domain/errors.ts'
import { fileAt } from '../files/finished-writing.ts'
import { fingerprintOf } from '../files/same-file.ts'
import type { Log } from '../observe/log.ts'
import { isPieceRight } from '../storage/check-piece.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { IndexedFile } from './placed-folder.ts'
import type { Match, PlacedMarks } from './placed-marks.ts'

/** Pause between two pieces while someone is watching. */
const REST_MS = 500

/** Provides metadata that is known locally. */
type Torrents = Pick<CacheIndex, 'find' | 'readInfo'>

interface Viewers {
  readonly areThere: boolean
}

/** Compares placed files with their torrents, if the metadata is known; one piece at a time. */
export class PlacedChecker implements AsyncDisposable {
  readonly #torrents: Torrents
  readonly #viewers: Viewers
  readonly #marks: PlacedMarks
  readonly #log: Log
  /** by task, so that each is queued once */
  readonly #waiting = new Map<string, { readonly file: IndexedFile; readonly infoHash: InfoHash }>()
  /** tasks that cannot be done, and are not tried again */
  readonly #hopeless = new Set<string>()
  readonly #stop = new AbortController()
  #isWorking = false
  #working: Promise<void> = Promise.resolve()

  constructor(torrents: Torrents, viewers: Viewers, marks: PlacedMarks, log: Log) {
    this.#torrents = torrents
    this.#viewers = viewers
    this.#marks = marks
    this.#log = log
  }

  /** Queues a check of a file, if it is possible and not done yet. */
  request(file: IndexedFile): void {
    for (const infoHash of file.infoHashes) {
      const task = `${infoHash} ${file.fingerprint} ${file.path}`
      if (this.#marks.matchOf(file, infoHash) || this.#hopeless.has(task)) continue
      if (this.#torrents.find(infoHash)) this.#waiting.set(task, { file, infoHash })
    }
    if (this.#isWorking || this.#waiting.size === 0) return
    this.#isWorking = true
    this.#working = this.#work()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#working
  }

  async #work(): Promise<void> {
    for (const [task, { file, infoHash }] of this.#waiting) {
      if (this.#stop.signal.aborted) return
      this.#waiting.delete(task)
      try {
        if (!(await this.#check(file, infoHash))) this.#hopeless.add(task)
      } catch (error) {
        if (this.#stop.signal.aborted || !(await isStill(file))) continue
        this.#hopeless.add(task)
        this.#log.warn('placed file cannot be checked', { path: file.path, reason: messageOf(error) })
      }
    }
    this.#isWorking = false
  }

  /** @returns whether a later request should try again */
  async #check(file: IndexedFile, infoHash: InfoHash): Promise<boolean> {
    const info = await this.#torrents.readInfo(infoHash)
    if (!info || !(await isStill(file))) return true
    const { path, size } = file
    const match = await matchWith(path, size, info, () => this.#giveWay())
    // A changed file is queued again with its new fingerprint.
    if (!(await isStill(file))) return true
    if (!match) return false
    this.#marks.noteMatch(file, infoHash, match)
    if (match !== 'mismatched') this.#log.info('placed file matches its torrent', { infoHash, path })
    else this.#log.warn('placed file does not match its torrent and is no longer served', { infoHash, path })
    return true
  }

  async #giveWay(): Promise<void> {
    this.#stop.signal.throwIfAborted()
    if (this.#viewers.areThere) await sleep(REST_MS, undefined, { signal: this.#stop.signal })
  }
}

/** Whether a file is unchanged since it was indexed; false if it cannot be examined. */
async function isStill({ path, fingerprint }: IndexedFile): Promise<boolean> {
  const stats = await fileAt(path).catch(() => undefined)
  return stats !== undefined && fingerprintOf(stats) === fingerprint
}

/**
 * Finds out which of a torrent's files a file is, whatever its name: it must have that file's length and its pieces.
 *
 * @param giveWay - awaited before each piece; throws to end the work
 * @returns `undefined` if it cannot be told, because the file shares all of its pieces with others
 * @throws the system's error if the file cannot be read
 */
async function matchWith(
  path: string,
  size: number,
  info: TorrentInfo,
  giveWay: () => Promise<void>,
): Promise<Match | undefined> {
  const matched: number[] = []
  let canTell = true
  for (const [index, file] of info.files.entries()) {
    if (file.length !== size || file.isPadding) continue
    const pieces = piecesOnlyOf(info, index)
    if (pieces.length === 0) canTell = false
    else if (await areRight(pieces, index)) matched.push(index)
  }
  if (matched.length > 0) return matched
  return canTell ? 'mismatched' : undefined

  async function areRight(pieces: readonly number[], index: number): Promise<boolean> {
    for (const piece of pieces) {
      await giveWay()
      if (!(await isPieceRight(info, { [index]: path }, piece))) return false
    }
    return true
  }
}
