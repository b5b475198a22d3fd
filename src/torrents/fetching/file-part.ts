import { piecesOf, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import type { ByteRange } from '../../domain/byte-range.ts'
import type { Span } from './window-planner.ts'

/** A run of bytes of one file. */
export interface FilePart {
  /** counted over all files of the torrent from 0 */
  readonly fileIdx: number
  readonly range: ByteRange
}

/** What is fetched of a torrent. */
export interface Portion {
  /** by index, to their end */
  readonly files: readonly number[]
  readonly parts?: readonly FilePart[] | undefined
}

/** The pieces that hold some parts; none for parts outside the torrent. */
export function spansOf(info: TorrentInfo, parts: readonly FilePart[]): Span[] {
  return parts.flatMap(({ fileIdx, range }) => {
    const file = info.files[fileIdx]
    if (!file || range.start > range.end || range.start >= file.length) return []
    const pieceAt = (position: number) => Math.floor((file.offset + position) / info.pieceLength)
    return [{ from: pieceAt(range.start), to: pieceAt(Math.min(range.end, file.length - 1)) }]
  })
}

/** The pieces that hold bytes of a portion, each once. */
export function piecesOfPortion(info: TorrentInfo, { files, parts = [] }: Portion): ReadonlySet<number> {
  const ofFiles = files.flatMap((fileIdx) => {
    const file = info.files[fileIdx]
    if (!file || file.length === 0) return []
    const { first, last } = piecesOf(info, file)
    return [{ from: first, to: last }]
  })
  const pieces = new Set<number>()
  for (const { from, to } of [...ofFiles, ...spansOf(info, parts)])
    for (let piece = from; piece <= to; piece++) pieces.add(piece)
  return pieces
}
