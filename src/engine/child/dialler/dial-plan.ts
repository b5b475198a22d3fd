/**
 * Dials in progress of one torrent that needs peers. A dial is in progress until the handshake is read: an address that
 * drops the SYN takes part in it for two seconds, and of a real swarm more than half do.
 */
const MAX_DIALS_HUNGRY = 100
const MAX_DIALS_OTHERWISE = 10
/** New connections per second of a torrent that needs no peers at the moment. */
const DIALS_PER_SECOND_OTHERWISE = 5
/** How long a torrent counts as new. */
const NEW_MS = 5_000
/** Of all dials in progress: the rest is for torrents that are new. */
const SHARE_OF_OTHERS = 2 / 3
/** A home router's table has some thousand entries, and forgets an unanswered SYN after one or two minutes. */
const SECONDS_IN_PROGRESS = 2

/** How the torrents share the dials of this process. */
export interface DialState {
  /** when it was opened, in ms on the monotonic clock */
  readonly openedAt: number
  /** It has no metadata, or a reader waits and too few peers give something. */
  readonly isHungry: boolean
  /** There is an address that may be dialled now. */
  readonly hasCandidate: boolean
  /** in progress */
  readonly dials: number
  /** since it was opened */
  readonly dialled: number
}

/**
 * Which torrent may dial next. All torrents of a process share one rate and one number of dials in progress: torrents that
 * find no peers must not keep a new one with a viewer from its peers (seven of them kept an eighth from its first byte
 * for more than two minutes when addresses were dialled first come, first served), and all together must not fill the
 * table of a home router.
 */
export class DialPlan {
  readonly #perSecond: number
  readonly #burst: number
  #tokens: number
  #filledAt: number
  /** of torrents that are not hungry */
  #slowTokens = DIALS_PER_SECOND_OTHERWISE

  /**
   * @param perSecond - dials per second of all torrents; twice as many may be in progress, and may be begun at once
   * @param now - ms, on the monotonic clock
   */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#burst = perSecond * SECONDS_IN_PROGRESS
    this.#tokens = this.#burst
    this.#filledAt = now
  }

  /** A torrent was opened: it may dial some of its addresses at once, however many dials went before. */
  onOpened(now: number): void {
    this.#fill(now)
    this.#tokens = Math.min(this.#tokens + this.#perSecond, 2 * this.#burst)
  }

  /**
   * Takes a dial for one of the torrents, or none if none may dial now. Torrents that need peers go first, of those the
   * ones that were opened in the last five seconds, the latest in front, and then the one that has dialled least.
   */
  next<Torrent extends DialState>(torrents: Iterable<Torrent>, now: number): Torrent | undefined {
    this.#fill(now)
    if (this.#tokens < 1) return undefined
    let dials = 0
    let first: Torrent | undefined
    for (const torrent of torrents) {
      dials += torrent.dials
      if (this.#mayDial(torrent) && (!first || isBefore(torrent, first, now))) first = torrent
    }
    if (!first) return undefined
    const maxDials = isNew(first, now) ? this.#burst : Math.floor(this.#burst * SHARE_OF_OTHERS)
    if (dials >= maxDials) return undefined
    this.#tokens -= 1
    if (!first.isHungry) this.#slowTokens -= 1
    return first
  }

  /** @returns ms until there is a dial to take, as far as the rate allows */
  waitMs(now: number): number {
    this.#fill(now)
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) * 1000) / this.#perSecond)
  }

  #mayDial({ hasCandidate, isHungry, dials }: DialState): boolean {
    if (!hasCandidate) return false
    return isHungry ? dials < MAX_DIALS_HUNGRY : dials < MAX_DIALS_OTHERWISE && this.#slowTokens >= 1
  }

  #fill(now: number): void {
    const seconds = Math.max(0, now - this.#filledAt) / 1000
    this.#filledAt = now
    if (this.#tokens < this.#burst) {
      this.#tokens = Math.min(this.#tokens + seconds * this.#perSecond, this.#burst)
    }
    const slow = this.#slowTokens + seconds * DIALS_PER_SECOND_OTHERWISE
    this.#slowTokens = Math.min(slow, DIALS_PER_SECOND_OTHERWISE)
  }
}

function isBefore(one: DialState, other: DialState, now: number): boolean {
  if (one.isHungry !== other.isHungry) return one.isHungry
  if (isNew(one, now) !== isNew(other, now)) return isNew(one, now)
  return isNew(one, now) ? one.openedAt > other.openedAt : one.dialled < other.dialled
}

function isNew({ openedAt }: DialState, now: number): boolean {
  return now - openedAt < NEW_MS
}
