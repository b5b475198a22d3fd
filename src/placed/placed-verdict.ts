import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { piecesOnlyOf } from '../domain/bittorrent/segments.ts'
import { isPieceRight } from '../storage/check-piece.ts'
import type { Verdict } from './placed-table.ts'

/**
 * Finds out whether a file is one of a torrent's, whatever its name: it must have a file's length and its pieces.
 *
 * @param giveWay - awaited before each piece; throws to end the work
 * @returns `undefined` if it cannot be told, because the file shares all of its pieces with others
 * @throws the system's error if the file cannot be read
 */
export async function verdictOn(
  path: string,
  size: number,
  info: TorrentInfo,
  giveWay: () => Promise<void>,
): Promise<Verdict | undefined> {
  let verdict: Verdict | undefined = 'mismatched'
  for (const [index, file] of info.files.entries()) {
    if (file.length !== size || file.isPadding) continue
    const pieces = piecesOnlyOf(info, index)
    if (pieces.length === 0) verdict = undefined
    else if (await areRight(pieces, index)) return 'verified'
  }
  return verdict

  async function areRight(pieces: readonly number[], index: number): Promise<boolean> {
    for (const piece of pieces) {
      await giveWay()
      if (!(await isPieceRight(info, { [index]: path }, piece))) return false
    }
    return true
  }
}
