/** A viewer waits this long before read-ahead pieces of another torrent are dropped. */
const VIEWER_PATIENCE_MS = 2_000
/** The pace of a piece is judged only after this. */
const JUDGED_AFTER_MS = 10_000
/** Without a new block for this long, a piece is stalled; by then other peers were asked for its blocks. */
const STALLED_MS = 5_000
/** A piece that would take longer is too late for its viewer: players wait about two minutes at most. */
const TOO_SLOW_MS = 120_000

/** How much a piece is needed, least first; `refused` ones are complete and wait for space on their disk. */
const NEEDS = ['none', 'background', 'refused', 'ahead', 'waited for'] as const

/** A piece in memory that can be dropped. */
export interface HeldPiece {
  readonly bytes: Buffer
  readonly need: (typeof NEEDS)[number]
  /** Received share, 0 to 1. */
  readonly progress: number
  drop(): void
}

/** A torrent that waits for memory. */
export interface Waiter {
  readonly isViewer: boolean
  /** It holds no piece. */
  readonly hasNone: boolean
  readonly waitedMs: number
}

/**
 * Whether a piece gives way to a waiting torrent.
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

/** Least needed first; of the same need, the one with the least progress. */
export function leastNeededFirst(a: HeldPiece, b: HeldPiece): number {
  return NEEDS.indexOf(a.need) - NEEDS.indexOf(b.need) || a.progress - b.progress
}
