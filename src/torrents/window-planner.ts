import { piecesOf, type TorrentFile, type TorrentInfo } from '../domain/metainfo.ts'
import type { PieceWindow } from '../engine/engine.ts'

const MIB = 1024 * 1024
/** The first window after an open or a seek is small: what the reader waits for must not queue behind read-ahead. */
const FIRST_AHEAD = MIB
const MAX_AHEAD = 64 * MIB
const BACKGROUND_AHEAD = 64 * MIB
/** What most players read at the end of a file before they can start: the index of an MP4 or MKV. */
const TAIL = 2 * MIB

/** Somebody who reads a file from front to back. */
export interface Reader {
  readonly file: TorrentFile
  /** next byte it will get, counted from the start of the file */
  readonly position: number
  /** first byte it does not want any more */
  readonly end: number
  /** bytes it got since it began here */
  readonly delivered: number
}

export interface Plan {
  readonly info: TorrentInfo
  readonly readers: readonly Reader[]
  /** files to fetch to the end when nobody has to wait for it */
  readonly background: readonly TorrentFile[]
  readonly isMissing: (piece: number) => boolean
}

/**
 * Which pieces to fetch now. In front of every reader lies an urgent window that grows as it keeps reading; the rest
 * of the files is fetched behind them, and only while no reader runs dry, because what peers already send cannot be
 * called back. Windows are bounded, so what a viewer never reaches is not fetched far in advance.
 *
 * @returns windows that begin and end with a missing piece; empty when there is nothing to fetch
 */
export function planWindows({ info, readers, background, isMissing }: Plan): PieceWindow[] {
  const hungry = readers.filter(({ position, end }) => position < end)
  const urgent = hungry.map((reader) => {
    const ahead = aheadOf(reader)
    const from = pieceAt(info, reader.file, reader.position)
    const to = pieceAt(
      info,
      reader.file,
      Math.min(reader.end, roundUp(reader.position + ahead, ahead / 4)) - 1,
    )
    return { from, to, isDry: isDry(info, reader, ahead, isMissing) }
  })
  const windows = urgent.flatMap(({ from, to }) => trim({ from, to, priority: 'urgent' }, isMissing))
  if (urgent.some(({ isDry }) => isDry)) return distinct(windows)

  for (const file of background) {
    const farthest = Math.max(
      0,
      ...readers.filter((reader) => reader.file === file).map(({ position }) => position),
    )
    windows.push(...backgroundOf(info, file, farthest, isMissing))
  }
  return distinct(windows)
}

function aheadOf(reader: Reader): number {
  // Powers of two, so that a window changes now and then and not with every slice.
  const wanted = Math.max(FIRST_AHEAD, 2 * reader.delivered)
  return Math.min(MAX_AHEAD, 2 ** Math.floor(Math.log2(wanted)))
}

/** Whether a reader could use all the bandwidth there is: less than half of its window is there. */
function isDry(
  info: TorrentInfo,
  reader: Reader,
  ahead: number,
  isMissing: (piece: number) => boolean,
): boolean {
  const first = pieceAt(info, reader.file, reader.position)
  const last = pieceAt(info, reader.file, Math.min(reader.end, reader.position + ahead / 2) - 1)
  for (let piece = first; piece <= last; piece++) if (isMissing(piece)) return true
  return false
}

/** The tail, and what is missing behind the farthest reader; when that is all there, what it jumped over. */
function backgroundOf(
  info: TorrentInfo,
  file: TorrentFile,
  position: number,
  isMissing: (piece: number) => boolean,
): PieceWindow[] {
  const { first, last } = piecesOf(info, file)
  const tail = trim(
    { from: pieceAt(info, file, file.length - TAIL), to: last, priority: 'background' },
    isMissing,
  )
  const [rest] = [
    ...trim({ from: pieceAt(info, file, position), to: last, priority: 'background' }, isMissing),
    ...trim({ from: first, to: last, priority: 'background' }, isMissing),
  ]
  if (!rest) return tail
  const ahead = Math.max(1, Math.floor(BACKGROUND_AHEAD / info.pieceLength))
  const to = Math.min(rest.to, roundUp(rest.from + ahead, Math.ceil(ahead / 4)))
  return [...tail, ...trim({ ...rest, to }, isMissing)]
}

function pieceAt(info: TorrentInfo, file: TorrentFile, position: number): number {
  const inFile = Math.min(Math.max(position, 0), Math.max(0, file.length - 1))
  return Math.floor((file.offset + inFile) / info.pieceLength)
}

/** Leaves out the pieces at both ends that are there; nothing remains of a window in which none is missing. */
function trim(window: PieceWindow, isMissing: (piece: number) => boolean): PieceWindow[] {
  let { from, to } = window
  while (from <= to && !isMissing(from)) from++
  while (to >= from && !isMissing(to)) to--
  return from <= to ? [{ ...window, from, to }] : []
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

function distinct(windows: readonly PieceWindow[]): PieceWindow[] {
  const seen = new Map(windows.map((window) => [`${window.from}-${window.to}-${window.priority}`, window]))
  return [...seen.values()]
}
