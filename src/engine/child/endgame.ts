import type Wire from 'bittorrent-protocol'
import type { BlockRequest } from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'

const TICK_MS = 50
/** A piece that somebody waits for and that has not come for so long is asked for elsewhere as well. */
const PATIENCE_MS = 100
/** Peers with fewer requests than this have nothing better to do. */
const IDLE_BELOW = 4

interface Double {
  readonly wire: Wire
  readonly original: Wire
  readonly request: BlockRequest
}

/**
 * Asks a second peer for the blocks of a piece that a reader starves on, and takes whichever answer comes first; the
 * other request is called back. webtorrent 3.0.21 has no endgame: one slow peer holds up the piece it was asked for.
 *
 * @param starving - the pieces that readers need next and that are missing
 */
export function startEndgame(torrent: Torrent, starving: () => readonly number[]): Disposable {
  const since = new Map<number, number>()
  const doubles = new Set<Double>()
  const timer = setInterval(tick, TICK_MS).unref()

  function tick(): void {
    if (torrent.destroyed) return clearInterval(timer)
    for (const double of doubles) if (!isOpen(double)) callBack(double)
    const now = performance.now()
    const wanted = new Set(starving())
    for (const piece of since.keys()) if (!wanted.has(piece)) since.delete(piece)
    for (const piece of wanted) {
      const waitingSince = since.get(piece)
      if (waitingSince === undefined) since.set(piece, now)
      else if (now - waitingSince >= PATIENCE_MS) askElsewhere(piece)
    }
  }

  function askElsewhere(wanted: number): void {
    const outstanding = torrent.wires.flatMap((original) =>
      original.requests
        .filter((request) => request.piece === wanted)
        .map((request) => ({ original, request })),
    )
    for (const { original, request } of outstanding) {
      if ([...doubles].some((double) => double.request === request || isSame(double.request, request)))
        continue
      const wire = torrent.wires.find(
        (each) => each !== original && isIdle(each) && each.peerPieces.get(wanted),
      )
      if (wire) ask({ wire, original, request })
    }
  }

  function ask(double: Double): void {
    const { wire, original, request } = double
    doubles.add(double)
    wire.request(request.piece, request.offset, request.length, (error, chunk) => {
      doubles.delete(double)
      const index = original.requests.indexOf(request)
      if (error || index === -1) return
      // The first request is answered with what the second brought; its own answer is not wanted any more.
      original.requests.splice(index, 1)
      if (!original.destroyed) original._message(8, [request.piece, request.offset, request.length], null)
      request.callback(null, chunk)
    })
  }

  function isOpen({ original, request }: Double): boolean {
    return original.requests.includes(request)
  }

  function callBack(double: Double): void {
    doubles.delete(double)
    const { piece: wanted, offset, length } = double.request
    if (!double.wire.destroyed) double.wire.cancel(wanted, offset, length)
  }

  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function isIdle(wire: Wire): boolean {
  return !wire.destroyed && !wire.peerChoking && wire.requests.length < IDLE_BELOW
}

function isSame(a: BlockRequest, b: BlockRequest): boolean {
  return a.piece === b.piece && a.offset === b.offset
}
