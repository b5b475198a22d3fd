/** Seconds with something asked and nothing given after which a peer is stuck. */
const PATIENCE = { proven: 1, unproven: 2, longest: 4 }
/** A stuck peer that is asked again goes after so many seconds; sooner if it never gave anything and others want in. */
const GIVE_UP = { usually: 6, crowded: 3 }
/** What one look counts for at the most: a longer pause was ours. */
const LONGEST_LOOK = 0.25
/** From here on nobody counts on an answer. */
const OVERDUE = 0.5

/** What else goes on while a peer is silent. */
export interface Surroundings {
  /** other peers of the torrent give blocks */
  readonly doOthersGive: boolean
  /** peers that could be spoken to wait for a place */
  readonly isCrowded: boolean
}

/**
 * How long a peer has owed an answer. Only a block makes up for that: neither refusals nor choking do, and what is
 * called back and asked again goes on being owed.
 */
export class Silence {
  /** It has been silent too long: it is asked for one block to see whether it is back, which does not keep others from it. */
  isStuck = false
  #owedSeconds = 0
  #askedAgainSeconds = 0
  #patience: number = PATIENCE.unproven
  #blocks = 0

  /** It has given something in this connection. */
  get isProven(): boolean {
    return this.#blocks > 0
  }

  get owedSeconds(): number {
    return this.#owedSeconds
  }

  /** Whether it should have answered by now, though it may be a hiccup. */
  get isOverdue(): boolean {
    return this.#owedSeconds > OVERDUE
  }

  get isTooLong(): boolean {
    return this.#owedSeconds > this.#patience
  }

  onBlock(): void {
    this.#owedSeconds = 0
    this.#askedAgainSeconds = 0
    if (++this.#blocks === 1) this.#patience = PATIENCE.proven
    else if (this.isStuck) this.#patience = Math.min(2 * this.#patience, PATIENCE.longest)
    this.isStuck = false
  }

  /** @param isOwing - it has been asked for something, and could answer */
  onTick(seconds: number, isOwing: boolean): void {
    if (isOwing) this.#owedSeconds += Math.min(seconds, LONGEST_LOOK)
  }

  /** It is stuck and is asked again. @returns whether it is time to let it go */
  onAskedAgain(seconds: number, { doOthersGive, isCrowded }: Surroundings): boolean {
    if (doOthersGive || isCrowded) this.#askedAgainSeconds += Math.min(seconds, LONGEST_LOOK)
    return this.#askedAgainSeconds > (isCrowded && !this.isProven ? GIVE_UP.crowded : GIVE_UP.usually)
  }
}
