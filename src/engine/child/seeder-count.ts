import type Wire from 'bittorrent-protocol'

/**
 * Counts the peers that have every piece. webtorrent's own flag cannot be used: it is set on every peer until its bitfield
 * arrives, and afterwards too.
 */
export class SeederCount {
  /** the first piece that each peer did not have at the last count: the next count starts there */
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
