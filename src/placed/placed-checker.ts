import { setTimeout as sleep } from 'node:timers/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { messageOf } from '../domain/errors.ts'
import { fileAt } from '../files/finished-writing.ts'
import { fingerprintOf } from '../files/same-file.ts'
import type { Log } from '../observe/log.ts'
import type { IndexedFile } from './placed-index.ts'
import type { PlacedMarks } from './placed-marks.ts'
import { verdictOn } from './placed-verdict.ts'

/** While somebody watches, so long between two pieces. */
const REST_MS = 500

/** Where metadata is to be had without asking anybody. */
interface Torrents {
  find(infoHash: InfoHash): unknown
  readInfo(infoHash: InfoHash): Promise<TorrentInfo | undefined>
}

interface Viewers {
  readonly areThere: boolean
}

/** Compares placed files with the torrents that they stand for, as far as these are known; one piece at a time. */
export class PlacedChecker implements AsyncDisposable {
  readonly #torrents: Torrents
  readonly #viewers: Viewers
  readonly #marks: PlacedMarks
  readonly #log: Log
  /** by what is to be done, so that it is done once */
  readonly #waiting = new Map<string, { readonly file: IndexedFile; readonly infoHash: InfoHash }>()
  /** what cannot be found out, and need not be tried again */
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

  /** Checks a file soon, where that has not been done and can be. */
  request(file: IndexedFile): void {
    for (const infoHash of file.infoHashes) {
      const task = `${infoHash} ${file.fingerprint} ${file.path}`
      if (this.#marks.verdictOf(file, infoHash) || this.#hopeless.has(task)) continue
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
        this.#log.warn('a placed file cannot be checked', { path: file.path, reason: messageOf(error) })
      }
    }
    this.#isWorking = false
  }

  /** @returns whether it is worth trying again, should that be asked for */
  async #check(file: IndexedFile, infoHash: InfoHash): Promise<boolean> {
    const info = await this.#torrents.readInfo(infoHash)
    if (!info || !(await isStill(file))) return true
    const { path, size } = file
    const verdict = await verdictOn(path, size, info, () => this.#giveWay())
    // It is asked for again as it is now.
    if (!(await isStill(file))) return true
    if (!verdict) return false
    this.#marks.noteVerdict(file, infoHash, verdict)
    if (verdict === 'verified') this.#log.info('a placed file is what its torrent says', { infoHash, path })
    else
      this.#log.warn('a placed file is not what its torrent says: it is served no more', { infoHash, path })
    return true
  }

  async #giveWay(): Promise<void> {
    this.#stop.signal.throwIfAborted()
    if (this.#viewers.areThere) await sleep(REST_MS, undefined, { signal: this.#stop.signal })
  }
}

/** Whether a file is the one that it was when it was last looked at; not, if it cannot be looked at now. */
async function isStill({ path, fingerprint }: IndexedFile): Promise<boolean> {
  const stats = await fileAt(path).catch(() => undefined)
  return stats !== undefined && fingerprintOf(stats) === fingerprint
}
