import { piecesOf, type TorrentFile, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import type { PieceWindow } from '../../engine/engine.ts'

const MIB = 1024 * 1024
/** Small after an open or a seek: what the reader waits for must not queue behind read-ahead. */
const FIRST_AHEAD = MIB
/** A window grows to `seconds` at the reader's pace, within `least` and `most`. */
const AHEAD = { seconds: 10, least: 8 * MIB, most: 64 * MIB }
/** The part of a window that comes before the read-ahead of other readers. */
const URGENT_SECONDS = 2
const BACKGROUND_AHEAD = 64 * MIB
/** What most players read at the end of a file before they can start: the index of an MP4 or MKV. */
const TAIL = 2 * MIB

/** Reads a file from front to back. */
export interface Reader {
  readonly file: TorrentFile
  /** next byte it will get, counted from the start of the file */
  readonly position: number
  /** end of what it reads, exclusive */
  readonly end: number
  /** bytes it got since it began here */
  readonly delivered: number
  /** how fast it takes them; 0 = not known yet */
  readonly bytesPerSecond: number
}

export interface Situation {
  readonly info: TorrentInfo
  readonly readers: readonly Reader[]
  /** files to fetch to the end while no reader runs dry */
  readonly background: readonly TorrentFile[]
  /** runs of pieces to fetch while no reader runs dry */
  readonly parts?: readonly Span[]
  readonly isMissing: (piece: number) => boolean
  /** a reader of another torrent runs dry */
  readonly isDryElsewhere: boolean
}

export interface Plan {
  /** each begins and ends with a missing piece; empty when there is nothing to fetch */
  readonly windows: readonly PieceWindow[]
  /** a reader could use all the bandwidth there is */
  readonly isDry: boolean
}

/** A run of pieces, both ends inclusive. */
export interface Span {
  readonly from: number
  readonly to: number
}

/**
 * Which pieces to fetch now. In front of every reader lies an urgent window, and read-ahead that grows as it keeps
 * reading; the rest of the files is fetched behind them, and only while no reader runs dry, because what peers already
 * send cannot be cancelled. Windows are bounded, so that little is fetched that a viewer never reaches.
 */
export function planWindows(situation: Situation): Plan {
  const { info, readers, background, parts = [], isMissing, isDryElsewhere } = situation
  const hungry = readers.filter(({ position, end }) => position < end)
  const isDry = hungry.some((reader) => runsDry(info, reader, isMissing))
  const tails = background.filter((file) => hungry.some((reader) => reader.file === file && isAtHead(reader)))
  const rest =
    isDry || isDryElsewhere
      ? []
      : [...background.flatMap((file) => restOf(info, file, readers, isMissing)), ...parts]
  const windows: PieceWindow[] = [
    ...hungry.flatMap((reader) => windowsOf(info, reader)),
    ...[...tails.map((file) => tailOf(info, file)), ...rest].map(inBackground),
  ]
  return { windows: distinct(windows.flatMap((window) => trim(window, isMissing))), isDry }
}

/** The reader has the head of a film; most players read its tail next. */
function isAtHead({ position, delivered }: Reader): boolean {
  return delivered >= FIRST_AHEAD && position - delivered < FIRST_AHEAD
}

function windowsOf(info: TorrentInfo, reader: Reader): PieceWindow[] {
  const ahead = aheadOf(reader)
  const urgent = Math.min(ahead, powerOfTwo(Math.max(FIRST_AHEAD, URGENT_SECONDS * reader.bytesPerSecond)))
  const from = pieceAt(info, reader.file, reader.position)
  const urgentTo = lastPieceOf(info, reader, urgent)
  const to = lastPieceOf(info, reader, ahead)
  const windows: PieceWindow[] = [{ from, to: urgentTo, priority: 'urgent' }]
  return to > urgentTo ? [...windows, { from: urgentTo + 1, to, priority: 'ahead' }] : windows
}

/** The last piece of a window of so many bytes; it moves in steps, not with every slice. */
function lastPieceOf(info: TorrentInfo, { file, position, end }: Reader, bytes: number): number {
  return pieceAt(info, file, Math.min(end, roundUp(position + bytes, bytes / 4)) - 1)
}

function aheadOf({ delivered, bytesPerSecond }: Reader): number {
  const most = Math.min(AHEAD.most, Math.max(AHEAD.least, AHEAD.seconds * bytesPerSecond))
  return powerOfTwo(Math.min(Math.max(FIRST_AHEAD, 2 * delivered), most))
}

/** Whether a reader could use all the bandwidth there is: less than half of its window is there. */
function runsDry(info: TorrentInfo, reader: Reader, isMissing: (piece: number) => boolean): boolean {
  const first = pieceAt(info, reader.file, reader.position)
  const last = pieceAt(info, reader.file, Math.min(reader.end, reader.position + aheadOf(reader) / 2) - 1)
  for (let piece = first; piece <= last; piece++) if (isMissing(piece)) return true
  return false
}

function tailOf(info: TorrentInfo, file: TorrentFile): Span {
  return { from: pieceAt(info, file, file.length - TAIL), to: piecesOf(info, file).last }
}

/** What is missing behind each reader of a file; if nothing is, what they skipped. */
function restOf(
  info: TorrentInfo,
  file: TorrentFile,
  readers: readonly Reader[],
  isMissing: (piece: number) => boolean,
): Span[] {
  const { first, last } = piecesOf(info, file)
  const missingFrom = (from: number) => trim({ from, to: last }, isMissing).map((span) => bounded(info, span))
  const behindReaders = readers
    .filter((reader) => reader.file === file)
    .flatMap(({ position }) => missingFrom(pieceAt(info, file, position)))
  return behindReaders.length > 0 ? behindReaders : missingFrom(first)
}

function bounded(info: TorrentInfo, { from, to }: Span): Span {
  const ahead = Math.max(1, Math.floor(BACKGROUND_AHEAD / info.pieceLength))
  return { from, to: Math.min(to, roundUp(from + ahead, Math.ceil(ahead / 4))) }
}

function inBackground(span: Span): PieceWindow {
  return { ...span, priority: 'background' }
}

function pieceAt(info: TorrentInfo, file: TorrentFile, position: number): number {
  const inFile = Math.min(Math.max(position, 0), Math.max(0, file.length - 1))
  return Math.floor((file.offset + inFile) / info.pieceLength)
}

/** Cuts off pieces at both ends that are not missing; no window remains if none is. */
function trim<Window extends Span>(window: Window, isMissing: (piece: number) => boolean): Window[] {
  let { from, to } = window
  while (from <= to && !isMissing(from)) from++
  while (to >= from && !isMissing(to)) to--
  return from <= to ? [{ ...window, from, to }] : []
}

function powerOfTwo(atMost: number): number {
  return 2 ** Math.floor(Math.log2(atMost))
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}

function distinct(windows: readonly PieceWindow[]): PieceWindow[] {
  const seen = new Map(windows.map((window) => [`${window.from}-${window.to}-${window.priority}`, window]))
  return [...seen.values()]
}
