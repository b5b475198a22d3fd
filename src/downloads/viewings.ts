import { LRUCache } from 'lru-cache'
import type { Reading } from '../streaming/reads.ts'
import { isNearlyThrough, isPlayed, type Run, withRead } from './played-runs.ts'

const MAX_VIEWINGS = 500
/** After a pause of this length a viewer starts a new viewing. */
const PAUSE_MS = 30 * 60_000

/** One client that watches one file. */
interface Viewing {
  readonly runs: readonly Run[]
  readonly at: number
  readonly isPlayed: boolean
  readonly isNearlyThrough: boolean
}

/** Each is called once for each viewing. */
export interface ViewingEvents {
  /** A viewer watches the file; probing it does not count. */
  played(reading: Reading): unknown
  nearlyThrough(reading: Reading): unknown
}

/** How far each viewer has watched. */
export class Viewings {
  readonly #viewings = new LRUCache<string, Viewing>({ max: MAX_VIEWINGS })
  readonly #events: ViewingEvents

  constructor(events: ViewingEvents) {
    this.#events = events
  }

  /** @param now - ms */
  note(reading: Reading, now: number): void {
    const { infoHash, fileIdx, client, size, sent } = reading
    const key = `${infoHash}/${fileIdx} ${client}`
    const known = this.#viewings.get(key)
    const last = known && now - known.at < PAUSE_MS ? known : undefined
    const runs = sent ? withRead(last?.runs ?? [], sent.start, sent.end + 1, now) : (last?.runs ?? [])
    // nginx sends the file: how far is not known, but the file is complete, so the next one can be fetched.
    const isHandedOff = !sent
    const viewing: Viewing = {
      runs,
      at: now,
      isPlayed: last?.isPlayed || isHandedOff || isPlayed(runs, size),
      isNearlyThrough: last?.isNearlyThrough || isHandedOff || isNearlyThrough(runs, size, now),
    }
    this.#viewings.set(key, viewing)
    if (viewing.isPlayed && !last?.isPlayed) this.#events.played(reading)
    if (viewing.isNearlyThrough && !last?.isNearlyThrough) this.#events.nearlyThrough(reading)
  }
}
