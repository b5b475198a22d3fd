/**
 * How much each piece in memory counts. A very long piece counts as a long one, so that it does not keep out all others;
 * there is only one of those at a time, so that memory stays limited all the same.
 */
export class PieceWeights {
  readonly #long: number
  #sum = 0
  #longer = 0

  /** @param long - bytes of a long piece */
  constructor(long: number) {
    this.#long = long
  }

  add(length: number): void {
    this.#sum += this.#of(length)
    if (this.#isLonger(length)) this.#longer++
  }

  remove(length: number): void {
    this.#sum -= this.#of(length)
    if (this.#isLonger(length)) this.#longer--
  }

  /** @param most - limit for the sum */
  fits(length: number, most: number): boolean {
    return this.#sum + this.#of(length) <= most && !(this.#isLonger(length) && this.#longer > 0)
  }

  /**
   * Which pieces to drop, so that one more {@link fits}.
   *
   * @param pieces - that may be dropped, in order
   * @returns none if that does not help
   */
  whichGiveWay<Piece extends { readonly bytes: Uint8Array }>(
    length: number,
    most: number,
    pieces: readonly Piece[],
  ): Piece[] {
    let missing = this.#sum + this.#of(length) - most
    let needsLonger = this.#isLonger(length) && this.#longer > 0
    const going: Piece[] = []
    for (const piece of pieces) {
      const isLonger = this.#isLonger(piece.bytes.length)
      if (missing <= 0 && !(needsLonger && isLonger)) continue
      missing -= this.#of(piece.bytes.length)
      if (isLonger) needsLonger = false
      going.push(piece)
    }
    return missing > 0 || needsLonger ? [] : going
  }

  #of(length: number): number {
    return Math.min(length, this.#long)
  }

  #isLonger(length: number): boolean {
    return length > this.#long
  }
}
