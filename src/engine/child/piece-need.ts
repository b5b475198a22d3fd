/** A viewer waits so long for another torrent to finish its read-ahead before a piece of that is dropped. */
const VIEWER_PATIENCE_MS = 2_000
/** A piece is judged by its pace only after this. */
const JUDGED_AFTER_MS = 10_000
/** Without a new block for so long, a piece is stalled; by then its peers were given up one by one. */
const STALLED_MS = 5_000
/** A piece that would take longer than this comes too late for its viewer: players wait about two minutes at most. */
const TOO_SLOW_MS = 120_000

/** How badly a piece is needed, least first; `refused` ones are complete and wait for room on their disk. */
const NEEDS = ['none', 'background', 'refused', 'ahead', 'waited for'] as const

/** A piece in memory that can be dropped. */
export interface HeldPiece {
  readonly bytes: Buffer
  readonly need: (typeof NEEDS)[number]
  /** How much of it has come, 0 to 1. */
  readonly progress: number
  drop(): void
}

/** Who waits for memory. */
export interface Waiter {
  readonly isViewer: boolean
  /** It holds no piece at all. */
  readonly hasNone: boolean
  readonly waitedMs: number
}

/**
 * Whether a piece gives way to somebody who waits.
 *
 * @param heldMs - since its memory was taken
 * @param stalledMs - since its last block came
 */
export function givesWay(
  { need, progress }: HeldPiece,
  heldMs: number,
  stalledMs: number,
  waiter: Waiter,
): boolean {
  const isStalled = stalledMs > STALLED_MS
  switch (need) {
    case 'none':
      return true
    case 'background':
      return waiter.isViewer || isStalled
    case 'refused':
      return waiter.isViewer
    case 'ahead':
      return waiter.isViewer && waiter.waitedMs > VIEWER_PATIENCE_MS
    case 'waited for': {
      const isTooSlow = heldMs > JUDGED_AFTER_MS && heldMs > progress * TOO_SLOW_MS
      return waiter.isViewer && waiter.hasNone && (isStalled || isTooSlow)
    }
  }
}

/** What is needed least comes first, and of the same need what has come least far. */
export function leastNeededFirst(a: HeldPiece, b: HeldPiece): number {
  return NEEDS.indexOf(a.need) - NEEDS.indexOf(b.need) || a.progress - b.progress
}
