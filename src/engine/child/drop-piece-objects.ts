import type { Torrent } from 'webtorrent'

/** Stands for a missing piece: webtorrent only looks whether there is an object. */
export const MISSING = Object.freeze({ length: 0, missing: 0 })

/**
 * Removes work and memory of webtorrent 3.0.21 for each piece that we do not need: reading every piece at the start
 * (claimed pieces are hashed when they are wanted), buffers for blocks and lists of who was asked for them, counts of how
 * many peers have each piece, and a scan of all pieces after each one.
 */
export function dropPieceObjects(torrent: Torrent): void {
  /** no piece before this one is missing */
  let firstMissing = 0
  const checkDone = torrent._checkDone.bind(torrent)

  torrent._verifyPieces = (done) => {
    torrent.pieces = torrent.pieces.map((piece, index) =>
      torrent.bitfield.get(index) ? null : piece && MISSING,
    )
    // Both are only called when a piece was verified.
    torrent._reservations = torrent.pieces
    torrent._rarityMap?.destroy()
    torrent._rarityMap = null
    done(null)
  }

  torrent._markUnverified = (index) => {
    torrent.pieces[index] = MISSING
    torrent.bitfield.set(index, false)
    firstMissing = Math.min(firstMissing, index)
    for (const file of torrent.files) file.done = false
  }

  torrent._checkDone = () => {
    const { pieces, bitfield } = torrent
    while (firstMissing < pieces.length && bitfield.get(firstMissing)) firstMissing++
    // Otherwise webtorrent would scan all pieces for the first missing one.
    if (firstMissing === pieces.length || torrent.done) checkDone()
  }
}
