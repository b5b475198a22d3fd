import { pieceLengthAt, piecesOf, type TorrentInfo } from './metainfo.ts'

/** A run of bytes of a torrent that lies in one file. */
export interface Segment {
  /** index of the file */
  readonly file: number
  /** first byte, counted from the start of the file */
  readonly position: number
  /** first byte, counted from the start of the run */
  readonly offset: number
  readonly length: number
}

/**
 * Where a run of bytes of a piece lies; files follow each other without gaps (BEP 3).
 *
 * @param offset - first byte, counted from the start of the piece
 * @yields in order; together exactly the run, each with at least one byte
 */
export function* segmentsOf(
  info: TorrentInfo,
  piece: number,
  offset = 0,
  length = pieceLengthAt(info, piece) - offset,
): Generator<Segment, void, void> {
  const { files } = info
  const from = piece * info.pieceLength + offset
  const to = from + length
  for (let file = fileAt(info, from); file < files.length; file++) {
    const { offset: fileStart = to, length: fileLength = 0 } = files[file] ?? {}
    if (fileStart >= to) return
    const start = Math.max(from, fileStart)
    const end = Math.min(to, fileStart + fileLength)
    if (end > start) yield { file, position: start - fileStart, offset: start - from, length: end - start }
  }
}

/** Indexes of the files that have bytes in a piece. */
export function filesIn(info: TorrentInfo, piece: number): number[] {
  return [...segmentsOf(info, piece)].map(({ file }) => file)
}

/** Pieces that hold bytes of one file and of no other except padding, so they can be verified with that file alone. */
export function piecesOnlyOf(info: TorrentInfo, file: number): number[] {
  const found = info.files[file]
  if (!found || found.length === 0) return []
  const { first, last } = piecesOf(info, found)
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const isAlone = (piece: number) =>
    filesIn(info, piece).every((each) => each === file || info.files[each]?.isPadding)
  return all.filter(isAlone)
}

/** Index of the last file that begins at or before a byte of the torrent. Binary search: there may be ten thousand. */
function fileAt({ files }: TorrentInfo, byte: number): number {
  let low = 0
  for (let high = files.length - 1; low < high; ) {
    const middle = Math.ceil((low + high) / 2)
    if ((files[middle]?.offset ?? 0) <= byte) low = middle
    else high = middle - 1
  }
  return low
}
