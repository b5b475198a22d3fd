import type { PieceWindow } from '../../engine.ts'

const ORDER = ['urgent', 'ahead', 'background'] as const

interface Lane {
  readonly from: number
  readonly to: number
  readonly priority: PieceWindow['priority']
  /** no piece of the window before this one has a block to request */
  next: number
}

/**
 * The order in which the pieces of all windows are requested: `urgent` before `ahead` before `background`. Windows of the
 * same priority take turns, each from its front, so that no reader waits for another.
 */
export class PieceOrder {
  #lanes: readonly Lane[] = []
  readonly #isOpen: (piece: number) => boolean

  /** @param isOpen - whether blocks of a piece still have to be requested */
  constructor(isOpen: (piece: number) => boolean) {
    this.#isOpen = isOpen
  }

  setWindows(windows: readonly PieceWindow[]): void {
    this.#lanes = windows.map((window) => ({ ...window, next: window.from }))
  }

  includes(piece: number): boolean {
    return this.#lanes.some(({ from, to }) => piece >= from && piece <= to)
  }

  /** The highest priority of the windows that contain a piece; `undefined` if there is none. */
  priorityOf(piece: number): PieceWindow['priority'] | undefined {
    return ORDER.find((priority) =>
      this.#lanes.some((lane) => lane.priority === priority && piece >= lane.from && piece <= lane.to),
    )
  }

  /** The first missing piece of each urgent window. */
  headsOfUrgent(isThere: (piece: number) => boolean): number[] {
    return this.#lanes.flatMap(({ from, to, priority }) => {
      if (priority !== 'urgent') return []
      let piece = from
      while (piece <= to && isThere(piece)) piece++
      return piece <= to ? [piece] : []
    })
  }

  /** Blocks of a piece have to be requested again. */
  reopen(piece: number): void {
    for (const lane of this.#lanes) if (piece >= lane.from && piece < lane.next) lane.next = piece
  }

  /** @yields open pieces for which `has` is true, in the order of requests */
  *pieces(has: (piece: number) => boolean): Generator<number, void, void> {
    for (const priority of ORDER) {
      const cursors = this.#lanes
        .filter((lane) => lane.priority === priority)
        .map((lane) => ({ lane, at: this.#advance(lane) }))
      for (;;) {
        const nearest = nearestOf(cursors)
        if (!nearest) break
        const piece = nearest.at++
        if (this.#isOpen(piece) && has(piece)) yield piece
      }
    }
  }

  #advance(lane: Lane): number {
    while (lane.next <= lane.to && !this.#isOpen(lane.next)) lane.next++
    return lane.next
  }
}

interface Cursor {
  readonly lane: Lane
  at: number
}

/** The cursor that is closest to the front of its window. */
function nearestOf(cursors: readonly Cursor[]): Cursor | undefined {
  let nearest: Cursor | undefined
  for (const cursor of cursors) {
    if (cursor.at > cursor.lane.to) continue
    if (!nearest || cursor.at - cursor.lane.from < nearest.at - nearest.lane.from) nearest = cursor
  }
  return nearest
}
