import type { Torrent } from 'webtorrent'

/** What stands for a piece that is missing: nothing asks for more than whether there is something. */
export const MISSING = Object.freeze({ length: 0, missing: 0 })

/**
 * Spares a torrent what webtorrent 3.0.21 does and keeps for each of its pieces, and we do not need: asking the store
 * for every one of them at the start (what an earlier run left is hashed when somebody wants it, not before), a place
 * for its blocks, a list of who was asked for them, how many peers have it, counted anew for every peer that comes, and
 * looking through all of them whenever one has come.
 */
export function lighten(torrent: Torrent): void {
  /** no piece before this one is missing */
  let firstMissing = 0
  const checkDone = torrent._checkDone.bind(torrent)

  torrent._verifyPieces = (done) => {
    torrent.pieces = torrent.pieces.map((piece, index) =>
      torrent.bitfield.get(index) ? null : piece && MISSING,
    )
    // Both are only ever told that a piece has come.
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
    // Where it was not done before, webtorrent would look through all pieces to find the same one.
    if (firstMissing === pieces.length || torrent.done) checkDone()
  }
}
