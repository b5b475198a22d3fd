/** A place that is taken: a connection, a stream, or a torrent. */
export interface Place {
  /** who has it, as `clientKey` names them; a torrent may have several */
  readonly clients: readonly string[]
  /** Nothing is lost, or little, if it is taken away: it has been at rest for a while. */
  readonly isIdle: boolean
  /** since when it is idle, or was taken; any clock, the same for all */
  readonly since: number
}

export interface PlaceLimits {
  /** places that there are */
  readonly most: number
  /** places that one client may have */
  readonly mostPerClient: number
}

/**
 * Decides who gives way to a client that wants one more place. A client over its own limit gives up a place of its own,
 * or gets none. When all places are taken, the client that holds the most loses one, but never so that it then holds
 * fewer than the newcomer; among equals only idle places change hands.
 *
 * @param clients - those who want the place
 * @returns `room` if nobody has to give way, the place that is taken away, or `none` if the newcomer has to wait
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
  // What several share is held by the one with the fewest: joining in the film of another must not endanger it.
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

/** Idle places first, then those of the client with the most, then the oldest. */
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
