import type { PieceWindow } from '../../engine/engine.ts'
import type { TorrentContent } from '../content/torrent-content.ts'
import type { ActiveReader } from './active-reader.ts'
import { type FetchRoom, type FittedWindows, fitWindows } from './fit-windows.ts'
import { planWindows, type Span } from './window-planner.ts'

/** What would be fetched now if the disk had room, in bytes. */
export type FetchDemand = Omit<FittedWindows, 'windows'>

/** What limits fetching now. */
export interface FetchLimits {
  readonly room: FetchRoom
  /** a reader of another torrent runs dry */
  readonly isDryElsewhere: boolean
}

/** What to fetch now, and nothing else. */
export interface FetchStep {
  readonly windows: readonly PieceWindow[]
  readonly demand: FetchDemand
  /** a reader could use all the bandwidth */
  readonly isDry: boolean
}

/** The files and pieces a plan is made for. */
export type PlannedContent = Pick<TorrentContent, 'info' | 'pieces' | 'file' | 'missingIn'>

/** Who wants which part of a torrent: readers, watched files, and downloads. */
export class FetchPlan {
  readonly #content: PlannedContent
  readonly #changed: () => void
  readonly #readers = new Set<ActiveReader>()
  /** number of watchers by file */
  readonly #watchers = new Map<number, number>()
  /** files that are fetched to their end without a watcher */
  readonly #finishing = new Set<number>()
  /** runs of pieces that are fetched without a watcher, by download */
  readonly #parts = new Map<symbol, readonly Span[]>()

  /** @param changed - called whenever {@link next} may give another answer */
  constructor(content: PlannedContent, changed: () => void) {
    this.#content = content
    this.#changed = changed
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0
  }

  /** Something is being fetched without a watcher. */
  get isFinishing(): boolean {
    return this.#finishing.size > 0 || this.hasParts
  }

  /** Something is being fetched. */
  get isBusy(): boolean {
    return this.hasReaders || this.#watchers.size > 0 || this.isFinishing
  }

  /** Parts of files are being fetched without a watcher. */
  get hasParts(): boolean {
    return this.#parts.size > 0
  }

  /** Files that are watched or fetched to their end. */
  get wanted(): Set<number> {
    return new Set([...this.#watchers.keys(), ...this.#finishing])
  }

  /** Fetches what a reader needs before all else, until this is disposed of. */
  read(reader: ActiveReader): Disposable {
    this.#readers.add(reader)
    this.#changed()
    return {
      [Symbol.dispose]: () => {
        if (this.#readers.delete(reader)) this.#changed()
      },
    }
  }

  /** Fetches the rest of a file behind its readers, until the watcher leaves. */
  watch(fileIdx: number): Disposable {
    this.#watchers.set(fileIdx, (this.#watchers.get(fileIdx) ?? 0) + 1)
    this.#changed()
    let isWatching = true
    return {
      [Symbol.dispose]: () => {
        if (!isWatching) return
        isWatching = false
        const left = (this.#watchers.get(fileIdx) ?? 1) - 1
        if (left > 0) this.#watchers.set(fileIdx, left)
        else this.#endWatching(fileIdx)
        this.#changed()
      },
    }
  }

  /** Fetches a file to its end. */
  finish(fileIdx: number): void {
    this.#finishing.add(fileIdx)
    this.#changed()
  }

  /** Fetches runs of pieces, until this is disposed of. */
  fetchParts(spans: readonly Span[]): Disposable {
    const key = Symbol('parts')
    if (spans.length > 0) this.#parts.set(key, spans)
    this.#changed()
    return {
      [Symbol.dispose]: () => {
        if (this.#parts.delete(key)) this.#changed()
      },
    }
  }

  /** The file is complete, or no longer wanted without a watcher. */
  stopFinishing(fileIdx: number): void {
    if (this.#finishing.delete(fileIdx)) this.#changed()
  }

  stopFinishingAll(): void {
    this.#finishing.clear()
    this.#changed()
  }

  /** What to fetch now. Changes nothing. */
  next({ room, isDryElsewhere }: FetchLimits): FetchStep {
    const { info, pieces } = this.#content
    const isMissing = (piece: number) => pieces.isMissing(piece)
    const plan = planWindows({
      info,
      readers: [...this.#readers],
      background: [...this.wanted].map((fileIdx) => this.#content.file(fileIdx)),
      parts: [...this.#parts.values()].flat(),
      isMissing,
      isDryElsewhere,
    })
    const { windows, ...demand } = fitWindows(plan.windows, room, info.pieceLength, isMissing)
    // On a full disk no bandwidth can be used.
    return { windows, demand, isDry: plan.isDry && windows.length > 0 }
  }

  /** Half-fetched films are fetched to their end; of others, nothing more. */
  #endWatching(fileIdx: number): void {
    this.#watchers.delete(fileIdx)
    const { missing, of } = this.#content.missingIn(fileIdx)
    if (missing > 0 && missing * 2 <= of) this.#finishing.add(fileIdx)
  }
}
