import type Wire from 'bittorrent-protocol'

const BLOCK = 16 * 1024
const TICK_MS = 100
/** Blocks asked for in advance of a peer whose speed is not known yet, and of any other at least. */
const FLOOR_BLOCKS = 32
/** What a peer is asked for in advance, in seconds of its speed: a new request must not queue behind old ones for long. */
const QUEUE_SECONDS = 0.3
/** How much of the old average stays when a peer slows down; when it speeds up, nothing does. */
const DECAY = 0.7

interface Meter {
  bytes: number
  /** bytes per second */
  rate: number
}

/** How many requests each peer of a torrent has outstanding. */
export interface RequestQueue extends Disposable {
  add(wire: Wire): void
}

/**
 * Bounds what is asked of a peer in advance by time, with a quick start. As it comes, webtorrent 3.0.21 begins with
 * two requests, asks for a second of the peer's speed ahead, and computes that speed, an average over five seconds,
 * for every peer at every block: most of its CPU at full speed. It reads the speed through `wire.downloadSpeed()`, so
 * that is what is replaced here, by a number that makes its own formula come out right (`getBlockPipelineLength` in
 * lib/torrent.js: `2 + seconds × speed / block`).
 */
export function createRequestQueue(): RequestQueue {
  const meters = new Map<Wire, Meter>()
  const timer = setInterval(measure, TICK_MS).unref()

  function measure(): void {
    for (const meter of meters.values()) {
      const now = (meter.bytes * 1000) / TICK_MS
      meter.rate = now > meter.rate ? now : meter.rate * DECAY + now * (1 - DECAY)
      meter.bytes = 0
    }
  }

  return {
    add(wire) {
      const meter: Meter = { bytes: 0, rate: 0 }
      meters.set(wire, meter)
      wire.once('close', () => meters.delete(wire))
      wire.downloadSpeed = (received = 0) => {
        meter.bytes += received
        return Math.max((FLOOR_BLOCKS - 2) * BLOCK, QUEUE_SECONDS * meter.rate)
      }
      // A wire that has given nothing would first be asked for one single block, from the end of the last selection.
      wire.downloaded = 1
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      meters.clear()
    },
  }
}
