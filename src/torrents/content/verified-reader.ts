import type { TorrentFile, TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../../domain/errors.ts'
import type { ReadableEnd } from '../../files/read-slices.ts'
import { Deadline } from '../../lib/deadline.ts'
import type { ClaimedPieces } from './claimed-pieces.ts'
import type { PieceMap } from './piece-map.ts'

/** No slice is longer, so there is no use in looking further ahead. */
const LOOK_AHEAD = 1024 * 1024

interface FilePieces {
  readonly info: TorrentInfo
  readonly file: TorrentFile
  readonly pieces: PieceMap
}

/** Whether bytes of a file may be sent at this moment. @param length - at least one byte */
export function areVerified({ info, file, pieces }: FilePieces, position: number, length: number): boolean {
  const first = Math.floor((file.offset + position) / info.pieceLength)
  const last = Math.floor((file.offset + position + length - 1) / info.pieceLength)
  return pieces.count('verified', first, last) === last - first + 1
}

export interface VerifiedReaderOptions extends FilePieces {
  readonly claimed: ClaimedPieces
  /** longest wait for the first piece */
  readonly firstPieceMs: number
  /** longest wait for any piece after it */
  readonly stallMs: number
  /** called when the next piece is missing, so that it is fetched */
  readonly onMissing: () => Promise<void>
}

/**
 * The gate through which all bytes of a torrent go: lets verified pieces pass, has claimed ones hashed, and waits for
 * missing ones.
 *
 * @throws SelfStremeError `media.stalled` when a piece does not come in time
 */
export function verifiedReader(options: VerifiedReaderOptions): ReadableEnd {
  const { info, file, pieces, claimed } = options
  let hasBegun = false

  return async (position, signal) => {
    const byte = file.offset + position
    const piece = Math.floor(byte / info.pieceLength)
    while (pieces.stateOf(piece) !== 'verified') {
      signal.throwIfAborted()
      if (pieces.stateOf(piece) === 'claimed') await claimed.check(piece)
      else await waitFor(piece, signal)
    }
    hasBegun = true

    let next = piece + 1
    while (next * info.pieceLength < byte + LOOK_AHEAD && pieces.stateOf(next) === 'verified') next++
    return Math.min(next * info.pieceLength - file.offset, file.length)
  }

  async function waitFor(piece: number, signal: AbortSignal): Promise<void> {
    const budgetMs = hasBegun ? options.stallMs : options.firstPieceMs
    using deadline = new Deadline(budgetMs)
    await options.onMissing()
    try {
      await pieces.whenThere(piece, AbortSignal.any([signal, deadline.signal]))
    } catch (cause) {
      if (signal.aborted || !deadline.isPassed) throw cause
      throw new SelfStremeError(
        'media.stalled',
        `piece ${piece} of ${file.name} did not come in ${budgetMs} ms`,
        { cause },
      )
    }
  }
}
