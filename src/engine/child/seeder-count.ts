import type Wire from 'bittorrent-protocol'

/**
 * Counts the peers that have every piece. webtorrent's own mark cannot be used: it stands on every peer until its
 * bitfield has come, and afterwards as well.
 */
export class SeederCount {
  /** the first piece that a peer did not have when it was last looked at; those before it need not be looked at again */
  readonly #firstMissing = new WeakMap<Wire, number>()

  among(wires: readonly Wire[], pieceCount: number): number {
    return wires.filter((wire) => this.#hasAll(wire, pieceCount)).length
  }

  #hasAll(wire: Wire, pieceCount: number): boolean {
    let piece = this.#firstMissing.get(wire) ?? 0
    while (piece < pieceCount && wire.peerPieces.get(piece)) piece++
    this.#firstMissing.set(wire, piece)
    return piece === pieceCount
  }
}
