import { piecesOf, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { bytesThere } from '../storage/contents.ts'
import type { Skipped } from './report.ts'
import type { SourceFile } from './source-files.ts'
import type { PieceVerdict } from './verify-pieces.ts'

/** A file of a torrent that is imported. */
export interface TorrentPart {
  readonly fileIdx: number
  readonly source: SourceFile
  /** 0 = complete */
  readonly missingBytes: number
}

export interface ChosenParts {
  readonly parts: readonly TorrentPart[]
  /** the other files, and what is wrong with them */
  readonly skipped: readonly Skipped[]
}

/**
 * Chooses which of the user's files to import, by their verified pieces.
 *
 * @param sources - by index of the torrent's file; empty files are left out
 * @param withIncomplete - if at least one file is complete, also take files with only some correct pieces
 */
export function chooseParts(
  info: TorrentInfo,
  sources: ReadonlyMap<number, SourceFile>,
  verdicts: readonly PieceVerdict[],
  withIncomplete: boolean,
): ChosenParts {
  const judged = [...sources].map(([fileIdx, source]) => {
    return { fileIdx, source, ...judge(info, fileIdx, verdicts) }
  })
  const isComplete = ({ missingBytes }: Judgement) => missingBytes === 0
  const hasComplete = judged.some(isComplete)
  const isWorth = (each: Judgement) =>
    isComplete(each) || (withIncomplete && hasComplete && each.rightBytes > 0)
  return {
    parts: judged.filter(isWorth),
    skipped: judged.filter((each) => !isWorth(each)).map(({ source, why }) => ({ path: source.path, why })),
  }
}

interface Judgement {
  readonly rightBytes: number
  readonly missingBytes: number
  /** what is wrong with the file; empty if nothing is */
  readonly why: string
}

function judge(info: TorrentInfo, fileIdx: number, verdicts: readonly PieceVerdict[]): Judgement {
  const file = info.files[fileIdx]
  if (!file) throw new RangeError(`${info.name} has no file ${fileIdx}`)
  const rightBytes = bytesThere(info, file, (piece) => verdicts[piece] === 'right')
  const { first, last } = piecesOf(info, file)
  const pieces = verdicts.slice(first, last + 1)
  const count = (wanted: PieceVerdict) => pieces.filter((verdict) => verdict === wanted).length
  const [wrong, unknown] = [count('wrong'), count('unknown')]
  const reasons = [
    ...(wrong > 0 ? [`${wrong} of its ${pieces.length} pieces are wrong`] : []),
    ...(unknown > 0
      ? [`${unknown} of its ${pieces.length} pieces also hold bytes of missing files and cannot be checked`]
      : []),
  ]
  return { rightBytes, missingBytes: file.length - rightBytes, why: reasons.join('; ') }
}
