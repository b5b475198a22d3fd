/** Seconds without a block, with open requests, after which a peer is stuck. */
const PATIENCE = { proven: 1, unproven: 2, longest: 4 }
/** Times as long if no other peer could be asked instead. */
const ALONE = 2
/** Seconds after which a stuck peer that is asked again is dropped; fewer if it never gave anything and others wait. */
const GIVE_UP = { usually: 6, crowded: 3 }
/** One check counts at most this much: a longer pause was ours. */
const MAX_LOOK = 0.25
/** After this, an answer is no longer expected soon. */
const OVERDUE = 0.5

/** The situation while a peer is silent. */
export interface Surroundings {
  /** other peers of the torrent give blocks */
  readonly doOthersGive: boolean
  /** other peers wait for a place */
  readonly isCrowded: boolean
}

/**
 * How long a peer has owed an answer. Only a block ends that: refusals and choking do not, and a request that is cancelled
 * and sent again is still owed.
 */
export class Silence {
  /** It was silent for too long: it is asked for one block, which others may be asked for too. */
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

  /** Whether it should have answered by now; it may be a short pause. */
  get isOverdue(): boolean {
    return this.#owedSeconds > OVERDUE
  }

  /** @param isAlone - no other peer could be asked */
  isTooLong(isAlone: boolean): boolean {
    return this.#owedSeconds > this.#patience * (isAlone ? ALONE : 1)
  }

  onBlock(): void {
    this.#owedSeconds = 0
    this.#askedAgainSeconds = 0
    if (++this.#blocks === 1) this.#patience = PATIENCE.proven
    else if (this.isStuck) this.#patience = Math.min(2 * this.#patience, PATIENCE.longest)
    this.isStuck = false
  }

  /** @param isOwing - it has open requests, and could answer */
  onTick(seconds: number, isOwing: boolean): void {
    if (isOwing) this.#owedSeconds += Math.min(seconds, MAX_LOOK)
  }

  /** It is stuck and is asked again. @returns whether to drop it */
  onAskedAgain(seconds: number, { doOthersGive, isCrowded }: Surroundings): boolean {
    if (doOthersGive || isCrowded) this.#askedAgainSeconds += Math.min(seconds, MAX_LOOK)
    return this.#askedAgainSeconds > (isCrowded && !this.isProven ? GIVE_UP.crowded : GIVE_UP.usually)
  }
}
