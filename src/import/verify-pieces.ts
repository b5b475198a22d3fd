import { pieceLengthAt, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { filesIn } from '../domain/bittorrent/segments.ts'
import { isPieceRight } from '../storage/check-piece.ts'
import type { ImportContext } from './context.ts'

const MAX_PARALLEL = 4
const MAX_BYTES_IN_MEMORY = 64 * 1024 * 1024

/** `unknown`: the piece also holds bytes of a missing file. */
export type PieceVerdict = 'right' | 'wrong' | 'unknown'

/**
 * Verifies all pieces of a torrent whose bytes are available.
 *
 * @param paths - of the available files, by index
 * @returns one verdict for each piece
 */
export async function verifyPieces(
  info: TorrentInfo,
  paths: Readonly<Record<number, string>>,
  { onProgress }: Pick<ImportContext, 'onProgress'>,
  signal: AbortSignal,
): Promise<PieceVerdict[]> {
  const isNeeded = (file: number) => !info.files[file]?.isPadding
  const all = Array.from({ length: info.pieceCount }, (_, piece) => piece)
  const checkable = all.filter((piece) =>
    filesIn(info, piece)
      .filter(isNeeded)
      .every((file) => paths[file]),
  )
  const verdicts = all.map((): PieceVerdict => 'unknown')
  const totalBytes = checkable.reduce((sum, piece) => sum + pieceLengthAt(info, piece), 0)
  let doneBytes = 0

  const left = checkable.values()
  const atOnce = Math.max(1, Math.min(MAX_PARALLEL, Math.floor(MAX_BYTES_IN_MEMORY / info.pieceLength)))
  await Promise.all(Array.from({ length: atOnce }, checkNext))
  return verdicts

  async function checkNext(): Promise<void> {
    for (const piece of left) {
      signal.throwIfAborted()
      const isRight = await isPieceRight(info, paths, piece).catch(() => false)
      verdicts[piece] = isRight ? 'right' : 'wrong'
      doneBytes += pieceLengthAt(info, piece)
      onProgress({ step: 'hashing', doneBytes, totalBytes })
    }
  }
}
