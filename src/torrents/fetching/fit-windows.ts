import type { PieceWindow } from '../../engine/engine.ts'

const ORDER = ['urgent', 'ahead', 'background'] as const

/** Room on the disk, in bytes. */
export interface FetchRoom {
  /** for what readers need */
  readonly bytes: number
  /** the part of it for the background */
  readonly spareBytes: number
}

export interface FittedWindows {
  /** what fits of the windows */
  readonly windows: readonly PieceWindow[]
  /** what all windows would take; an upper bound if there is plenty of room */
  readonly bytes: number
  /** the same for what readers need */
  readonly neededBytes: number
}

/**
 * Cuts windows so that no more is fetched than fits on the disk: urgent windows fit first, background ones last.
 * Overlapping windows count once.
 */
export function fitWindows(
  windows: readonly PieceWindow[],
  room: FetchRoom,
  pieceLength: number,
  isMissing: (piece: number) => boolean,
): FittedWindows {
  const most = bytesAtMost(windows, pieceLength)
  // Nearly always: then pieces need not be counted one by one.
  if (most <= room.spareBytes) {
    const needed = windows.filter(({ priority }) => priority !== 'background')
    return { windows, bytes: most, neededBytes: bytesAtMost(needed, pieceLength) }
  }

  const wanted = { urgent: 0, ahead: 0, background: 0 }
  const fits = new Map<number, boolean>()
  for (const { from, to, priority } of inOrder(windows)) {
    for (let piece = from; piece <= to; piece++) {
      if (!isMissing(piece) || fits.has(piece)) continue
      wanted[priority] += pieceLength
      const all = wanted.urgent + wanted.ahead + wanted.background
      fits.set(piece, all <= room.bytes && wanted.background <= room.spareBytes)
    }
  }
  const neededBytes = wanted.urgent + wanted.ahead
  return {
    windows: windows.flatMap((window) => cut(window, fits)),
    bytes: neededBytes + wanted.background,
    neededBytes,
  }
}

/** Cuts off the first piece that does not fit, and all behind it. */
function cut(window: PieceWindow, fits: ReadonlyMap<number, boolean>): PieceWindow[] {
  let to = window.from - 1
  while (to < window.to && fits.get(to + 1) !== false) to++
  return to < window.from ? [] : [{ ...window, to }]
}

function inOrder(windows: readonly PieceWindow[]): PieceWindow[] {
  return windows.toSorted((a, b) => ORDER.indexOf(a.priority) - ORDER.indexOf(b.priority))
}

function bytesAtMost(windows: readonly PieceWindow[], pieceLength: number): number {
  return windows.reduce((sum, { from, to }) => sum + (to - from + 1) * pieceLength, 0)
}
