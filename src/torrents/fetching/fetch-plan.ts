import type { PieceWindow } from '../../engine/engine.ts'
import type { TorrentContent } from '../content/torrent-content.ts'
import type { ActiveReader } from './active-reader.ts'
import { type FetchRoom, type FittedWindows, fitWindows } from './fit-windows.ts'
import { planWindows, type Span } from './window-planner.ts'

/** What the plan needs to know. */
export interface FetchSituation {
  /** absent while the metadata is not known */
  content(): TorrentContent | undefined
  isInSwarm(): boolean
  /** a reader of another torrent runs dry */
  isDryElsewhere(): boolean
  room(): FetchRoom
}

/** What would be fetched now if there were room, in bytes. */
export type FetchDemand = Omit<FittedWindows, 'windows'>

export interface FetchPlanEvents {
  /** These pieces are to be fetched now, and nothing else. */
  planned(windows: readonly PieceWindow[], demand: FetchDemand): void
  /** There is nothing to fetch now. */
  rested(): void
  /** {@link FetchPlan.isDry} is another now. */
  dryChanged(): void
}

/** Who wants what of a torrent: readers, files that are being watched, and files that are fetched though nobody watches. */
export class FetchPlan {
  readonly #situation: FetchSituation
  readonly #events: FetchPlanEvents
  readonly #readers = new Set<ActiveReader>()
  /** how many streams of each file are being watched */
  readonly #watchers = new Map<number, number>()
  /** files that are fetched to the end although nobody watches */
  readonly #finishing = new Set<number>()
  /** runs of pieces that are fetched although nobody watches, by who wants them */
  readonly #parts = new Map<symbol, readonly Span[]>()
  #isPlanned = false
  #isDry = false

  constructor(situation: FetchSituation, events: FetchPlanEvents) {
    this.#situation = situation
    this.#events = events
  }

  get hasReaders(): boolean {
    return this.#readers.size > 0
  }

  /** Something is being fetched although nobody watches. */
  get isFinishing(): boolean {
    return this.#finishing.size > 0 || this.hasParts
  }

  /** Something is being fetched, for a viewer or for later. */
  get isBusy(): boolean {
    return this.hasReaders || this.#watchers.size > 0 || this.isFinishing
  }

  /** Some of that is parts of files. */
  get hasParts(): boolean {
    return this.#parts.size > 0
  }

  /** One of the readers could use all the bandwidth there is. */
  get isDry(): boolean {
    return this.#isDry
  }

  /** Files that somebody watches, or that are fetched to the end. */
  get wanted(): Set<number> {
    return new Set([...this.#watchers.keys(), ...this.#finishing])
  }

  /** What a reader needs is fetched first, until this is disposed of. */
  read(reader: ActiveReader): Disposable {
    this.#readers.add(reader)
    this.replan()
    return {
      [Symbol.dispose]: () => {
        if (this.#readers.delete(reader)) this.replan()
      },
    }
  }

  /** The rest of a file is fetched behind its readers, until the watcher leaves. */
  watch(fileIdx: number): Disposable {
    this.#watchers.set(fileIdx, (this.#watchers.get(fileIdx) ?? 0) + 1)
    return {
      [Symbol.dispose]: () => {
        const left = (this.#watchers.get(fileIdx) ?? 1) - 1
        if (left > 0) this.#watchers.set(fileIdx, left)
        else {
          this.#watchers.delete(fileIdx)
          this.#finishOrStop(fileIdx)
        }
        this.replan()
      },
    }
  }

  /** A file is fetched to its end, though nobody may watch it. */
  finish(fileIdx: number): void {
    this.#finishing.add(fileIdx)
    this.replan()
  }

  /** Some pieces are fetched, though nobody may watch them, until this is disposed of. */
  fetchParts(spans: readonly Span[]): Disposable {
    const key = Symbol('parts')
    if (spans.length > 0) this.#parts.set(key, spans)
    this.replan()
    return {
      [Symbol.dispose]: () => {
        if (this.#parts.delete(key)) this.replan()
      },
    }
  }

  /** A file is whole, or no longer wanted by itself. */
  stopFinishing(fileIdx: number): void {
    if (this.#finishing.delete(fileIdx)) this.replan()
  }

  stopFinishingAll(): void {
    this.#finishing.clear()
  }

  /** Says what to fetch, once in a turn however much happened in it. */
  replan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    setImmediate(() => {
      this.#isPlanned = false
      this.#plan()
    })
  }

  #plan(): void {
    const content = this.#situation.content()
    let isDry = false
    if (content && (this.#situation.isInSwarm() || this.hasReaders)) {
      const plan = planWindows({
        info: content.info,
        readers: [...this.#readers],
        background: [...this.wanted].map((fileIdx) => content.file(fileIdx)),
        parts: [...this.#parts.values()].flat(),
        isMissing: (piece) => content.pieces.isMissing(piece),
        isDryElsewhere: this.#situation.isDryElsewhere(),
      })
      const { info, pieces } = content
      const isMissing = (piece: number) => pieces.isMissing(piece)
      const { windows, ...demand } = fitWindows(
        plan.windows,
        this.#situation.room(),
        info.pieceLength,
        isMissing,
      )
      this.#events.planned(windows, demand)
      // Where nothing more can be kept, nobody could use the bandwidth.
      isDry = plan.isDry && windows.length > 0
    } else this.#events.rested()
    if (isDry === this.#isDry) return
    this.#isDry = isDry
    this.#events.dryChanged()
  }

  /** A film of which at least half is there is fetched to its end; of any other, nothing more. */
  #finishOrStop(fileIdx: number): void {
    const { missing = 0, of = 0 } = this.#situation.content()?.missingIn(fileIdx) ?? {}
    if (missing > 0 && missing * 2 <= of) this.#finishing.add(fileIdx)
  }
}
