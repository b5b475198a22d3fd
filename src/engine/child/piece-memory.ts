import { BufferPool } from '../../files/buffer-pool.ts'
import { givesWay, type HeldPiece, leastNeededFirst } from './piece-need.ts'
import { PieceWeights } from './piece-weights.ts'

/** For all pieces of all torrents: those being assembled, being written, or refused by a full disk. */
const MAX_BYTES = 256 * 1024 * 1024
/**
 * Reserved for pieces that a viewer waits for, so that the first one always fits. A longer piece counts as this much, and
 * there is only one of those at a time: 256 MiB at most (`MAX_PIECE_LENGTH`), 448 MiB with all others.
 */
const VIEWERS_BYTES = 64 * 1024 * 1024
/** While all torrents together hold this much, none begins a third piece. */
const MANY_BYTES = 40 * 1024 * 1024
/** Buffers kept for the next pieces; allocating costs more than filling them. */
const KEPT_BYTES = 16 * 1024 * 1024
/** A waiting torrent that has not asked again for this long no longer needs a piece. */
const ASKED_WITHIN_MS = 1_000
const LOOK_INTERVAL_MS = 100

/** A torrent, as a user of the memory. */
export interface PieceHolder {
  readonly hasViewer: boolean
  /** Pieces that it could drop. */
  heldPieces(): Iterable<HeldPiece>
  /** Called when it was refused a piece, and may get one now. */
  onMemoryFree(): void
}

interface Held {
  readonly holder: PieceHolder
  readonly since: number
  /** its progress, and when that last changed in {@link PieceMemory}'s observed time */
  progress: { value: number; at: number }
}

interface Waiting {
  readonly length: number
  readonly isViewer: boolean
  readonly since: number
  askedAt: number
  /** when it was last refused, and how often {@link PieceMemory} had freed memory by then */
  readonly checkedAt: number
  readonly freed: number
}

/**
 * The memory for pieces that are not on disk yet, shared by all torrents and limited. Torrents that get none wait in a
 * queue: those with a viewer first, and of those the ones that hold least. A viewer never waits forever: pieces that no
 * viewer waits for are dropped, and in the end those that arrive too slowly to be of use.
 */
export class PieceMemory {
  readonly #maxBytes: number
  readonly #viewersBytes: number
  readonly #now: () => number
  readonly #buffers = new BufferPool(KEPT_BYTES)
  readonly #held = new Map<Buffer, Held>()
  readonly #waiting = new Map<PieceHolder, Waiting>()
  readonly #holders = new Map<PieceHolder, { bytes: number; pieces: number }>()
  readonly #weights: PieceWeights
  /** how often memory was freed */
  #freed = 0
  #isLookPlanned = false
  #lookedAt = Number.NEGATIVE_INFINITY
  /**
   * ms in which the progress of pieces was observed. While this process is busy, or the disk holds up all torrents, no
   * piece counts as stalled.
   */
  #watchedMs = 0

  /**
   * @param maxBytes - at least twice as much as `viewersBytes`
   * @param viewersBytes - also the length of a long piece; of longer ones there is one at a time
   * @param now - ms, on the monotonic clock
   */
  constructor(
    maxBytes = MAX_BYTES,
    viewersBytes = VIEWERS_BYTES,
    now: () => number = () => performance.now(),
  ) {
    this.#maxBytes = maxBytes
    this.#viewersBytes = viewersBytes
    this.#weights = new PieceWeights(viewersBytes)
    this.#now = now
  }

  get usedBytes(): number {
    return this.#buffers.usedBytes
  }

  join(holder: PieceHolder): void {
    this.#holders.set(holder, { bytes: 0, pieces: 0 })
  }

  /** What it holds must be given back separately. */
  leave(holder: PieceHolder): void {
    this.#waiting.delete(holder)
    this.#holders.delete(holder)
  }

  /**
   * Whether a torrent may {@link take} memory for a piece now. If not, it should ask again soon: until then it keeps
   * its place in the queue, and is called back when there may be memory.
   *
   * @param isWaitedFor - a viewer needs this piece next
   */
  hasRoomFor(holder: PieceHolder, length: number, isWaitedFor: boolean): boolean {
    const { pieces = 0 } = this.#holders.get(holder) ?? {}
    // A further piece is only granted when memory is plentiful; it does not queue.
    if (!isWaitedFor && pieces > 0) return this.#isEasy(holder, length, pieces)
    const now = this.#now()
    const waiting = this.#waiting.get(holder)
    if (waiting && this.#isRefusedStill(waiting, isWaitedFor, now)) return false
    if (this.#fits(length, isWaitedFor) && !this.#isBehind(holder, isWaitedFor, now)) return true
    const isViewer = isWaitedFor || waiting?.isViewer === true
    const since = waiting?.since ?? now
    this.#waiting.set(holder, { length, isViewer, since, askedAt: now, checkedAt: now, freed: this.#freed })
    this.#planLook(now)
    return false
  }

  /** Uninitialised memory for a piece; only after {@link hasRoomFor}. */
  take(holder: PieceHolder, length: number): Buffer {
    const bytes = this.#buffers.take(length)
    this.#held.set(bytes, { holder, since: this.#now(), progress: { value: 0, at: this.#watchedMs } })
    this.#count(holder, length, 1)
    this.#weights.add(length)
    this.#waiting.delete(holder)
    return bytes
  }

  /** The memory must no longer be in use. */
  giveBack(bytes: Buffer): void {
    const held = this.#held.get(bytes)
    if (!held) return
    this.#held.delete(bytes)
    this.#freed++
    this.#count(held.holder, -bytes.length, -1)
    this.#weights.remove(bytes.length)
    if (!this.#buffers.giveBack(bytes)) release(bytes)
    for (const holder of this.#waiting.keys()) queueMicrotask(() => holder.onMemoryFree())
  }

  /** A quick answer for each of the thousands of pieces that a torrent could begin. */
  #isRefusedStill(waiting: Waiting, isWaitedFor: boolean, now: number): boolean {
    if (isWaitedFor && !waiting.isViewer) return false
    if (waiting.freed !== this.#freed || now - waiting.checkedAt >= LOOK_INTERVAL_MS) return false
    waiting.askedAt = now
    return true
  }

  #count(holder: PieceHolder, bytes: number, pieces: number): void {
    const counted = this.#holders.get(holder)
    if (!counted) return
    counted.bytes += bytes
    counted.pieces += pieces
  }

  #isEasy(holder: PieceHolder, length: number, pieces: number): boolean {
    if (!this.#fits(length, false) || (pieces >= 2 && this.usedBytes >= MANY_BYTES)) return false
    if (this.#waiting.size === 0) return true
    const [first] = this.#line(this.#now())
    return !first || (holder.hasViewer && !first[1].isViewer)
  }

  #fits(length: number, isWaitedFor: boolean): boolean {
    return this.#weights.fits(length, this.#maxBytes - (isWaitedFor ? 0 : this.#viewersBytes))
  }

  /** Whether another torrent is served first. */
  #isBehind(holder: PieceHolder, isViewer: boolean, now: number): boolean {
    if (this.#waiting.size === 0) return false
    const [first] = this.#line(now)
    if (!first || first[0] === holder) return false
    if (first[1].isViewer !== isViewer) return first[1].isViewer
    // One that is not in the queue yet is compared as if it were.
    return this.#bytesOf(first[0]) <= this.#bytesOf(holder)
  }

  /** The queue, the next one first. */
  #line(now: number): [PieceHolder, Waiting][] {
    for (const [holder, { askedAt }] of this.#waiting) {
      if (now - askedAt > ASKED_WITHIN_MS) this.#waiting.delete(holder)
    }
    return [...this.#waiting].sort(
      ([a, first], [b, second]) =>
        Number(second.isViewer) - Number(first.isViewer) ||
        this.#bytesOf(a) - this.#bytesOf(b) ||
        first.since - second.since,
    )
  }

  #bytesOf(holder: PieceHolder): number {
    return this.#holders.get(holder)?.bytes ?? 0
  }

  /** Later, because a torrent that asks is in the middle of its own work. */
  #planLook(now: number): void {
    if (this.#isLookPlanned || now - this.#lookedAt < LOOK_INTERVAL_MS) return
    this.#isLookPlanned = true
    queueMicrotask(() => {
      this.#isLookPlanned = false
      const lookedAt = this.#now()
      this.#watchedMs += Math.min(lookedAt - this.#lookedAt, 2 * LOOK_INTERVAL_MS)
      this.#lookedAt = lookedAt
      this.#makeRoom(lookedAt)
    })
  }

  /** Has pieces dropped for the first in the queue, if that helps. */
  #makeRoom(now: number): void {
    const pieces = [...this.#holders.keys()].flatMap((holder) => [...holder.heldPieces()])
    for (const { bytes, progress } of pieces) {
      const held = this.#held.get(bytes)
      if (held && held.progress.value !== progress) held.progress = { value: progress, at: this.#watchedMs }
    }
    const [next] = this.#line(now)
    if (!next) return
    const [holder, waiting] = next
    const most = this.#maxBytes - (waiting.isViewer ? 0 : this.#viewersBytes)
    const less = pieces.filter((piece) => this.#isLess(piece, holder, waiting, now)).sort(leastNeededFirst)
    for (const piece of this.#weights.whichGiveWay(waiting.length, most, less)) piece.drop()
  }

  #isLess(piece: HeldPiece, holder: PieceHolder, { isViewer, since }: Waiting, now: number): boolean {
    const held = this.#held.get(piece.bytes)
    if (!held) return false
    const waiter = { isViewer, hasNone: this.#bytesOf(holder) === 0, waitedMs: now - since }
    return givesWay(piece, now - held.since, this.#watchedMs - held.progress.at, waiter)
  }
}

/** Returns a long buffer to the system now: the garbage collector may let several pile up. */
function release(bytes: Buffer): void {
  if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0)
}
