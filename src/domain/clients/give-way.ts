/** A place that is taken: a connection, a stream, or a torrent. */
export interface Place {
  /** its holders, by `clientKey`; a torrent may have several */
  readonly clients: readonly string[]
  /** It has been unused for a while, so little is lost if it is taken away. */
  readonly isIdle: boolean
  /** when it became idle, or was taken; any clock, the same for all places */
  readonly since: number
}

export interface PlaceLimits {
  /** number of places */
  readonly most: number
  /** number of places per client */
  readonly mostPerClient: number
}

/**
 * Decides which place is given to a client that wants one more. A client at its own limit gives up an idle place of its
 * own, or gets none. When all places are taken, the client with the most loses one, unless it would then have fewer
 * than the newcomer; among equals, only idle places are taken away.
 *
 * @param clients - those who want the place
 * @returns `room` if a place is free, the place to take away, or `none` if the newcomer has to wait
 */
export function whoGivesWay<P extends Place>(
  taken: readonly P[],
  clients: readonly string[],
  limits: PlaceLimits,
): 'room' | 'none' | P {
  const counts = new Map<string, number>()
  for (const place of taken) {
    for (const client of new Set(place.clients)) counts.set(client, (counts.get(client) ?? 0) + 1)
  }
  // A shared place counts for the sharer with the fewest places: watching what another client watches must not endanger
  // it.
  const held = (by: readonly string[]) =>
    by.length === 0 ? 0 : Math.min(...by.map((client) => counts.get(client) ?? 0))

  const own = held(clients)
  if (own >= limits.mostPerClient) {
    const isOwn = (place: P) => place.isIdle && place.clients.every((client) => clients.includes(client))
    return first(taken.filter(isOwn), held)
  }
  if (taken.length < limits.most) return 'room'
  return first(
    taken.filter((place) => held(place.clients) >= (place.isIdle ? own : own + 2)),
    held,
  )
}

/** Idle places first, then those of the client with the most places, then the oldest. */
function first<P extends Place>(places: readonly P[], held: (by: readonly string[]) => number): P | 'none' {
  let best: { readonly place: P; readonly held: number } | undefined
  for (const place of places) {
    const one = { place, held: held(place.clients) }
    if (!best || isBefore(one, best)) best = one
  }
  return best?.place ?? 'none'
}

interface Weighed {
  readonly place: Place
  readonly held: number
}

function isBefore(a: Weighed, b: Weighed): boolean {
  if (a.place.isIdle !== b.place.isIdle) return a.place.isIdle
  return a.held === b.held ? a.place.since < b.place.since : a.held > b.held
}
