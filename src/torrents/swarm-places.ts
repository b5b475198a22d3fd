import { limitsFor } from '../domain/clients/client-limits.ts'
import { type Place, whoGivesWay } from '../domain/clients/give-way.ts'
import { IDLE_AFTER_MS, isIdle } from '../domain/clients/viewer.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import type { Purpose, Standing, Torrent, TorrentKeeper } from './torrent.ts'

const RANKS: Readonly<Record<Standing, number>> = { idle: 0, guessed: 1, wanted: 2, used: 3 }
/** Room is made at the cost of those that rank below. */
const CLAIMS: Readonly<Record<Purpose, number>> = {
  guess: RANKS.guessed,
  fetch: RANKS.wanted,
  watch: RANKS.used,
}

interface TorrentPlace extends Place {
  readonly torrent: Torrent
}

/**
 * Gives out the places in the swarm. What nobody wants any more goes first, then guesses, then what somebody asked for:
 * that for a viewer alone. Where all are watched, the clients share the places, and who takes nothing or waits in vain
 * gives way.
 */
export function swarmPlaces(
  { maxTorrents }: { readonly maxTorrents: number },
  torrents: () => Iterable<Torrent>,
  log: Log,
): TorrentKeeper['makeRoom'] {
  return async (newcomer, purpose, join) => {
    for (;;) {
      const inSwarm = [...torrents()].filter((torrent) => torrent.isInSwarm && torrent !== newcomer)
      const surplus = surplusLookup(newcomer, purpose, inSwarm)
      if (surplus) {
        await endFor(surplus, 'its client looks for more torrents than one may')
        continue
      }
      if (inSwarm.length < maxTorrents) return join()
      const idle = inSwarm
        .filter(({ standing }) => RANKS[standing] < CLAIMS[purpose])
        .sort(
          (a, b) =>
            RANKS[a.standing] - RANKS[b.standing] ||
            // Of one that is only looked for, nothing is there that would have to be fetched again.
            Number(a.info !== undefined) - Number(b.info !== undefined) ||
            a.lastUsedAt - b.lastUsedAt,
        )
        .at(0)
      if (idle) {
        log.info(`Putting torrent aside: ${idle.infoHash}`, { why: 'room for another one' })
        await idle.leaveSwarm()
        continue
      }
      const used = purpose === 'watch' ? whoElse(newcomer, inSwarm, maxTorrents) : undefined
      if (!used) {
        throw new SelfStremeError(
          'torrent.busy',
          `${maxTorrents} torrents are in use (TORRENT_MAX_CONNECTIONS)`,
        )
      }
      await endFor(used, 'another client has fewer')
    }
  }

  async function endFor(torrent: Torrent, why: string): Promise<void> {
    log.info(`Putting torrent aside: ${torrent.infoHash}`, { why })
    await torrent.giveWay(new SelfStremeError('torrent.busy', `${torrent.infoHash} was put aside: ${why}`))
  }
}

/** The oldest lookup of the newcomer's client, if it may have no more of them. */
function surplusLookup(
  newcomer: Torrent,
  purpose: Purpose,
  inSwarm: readonly Torrent[],
): Torrent | undefined {
  const clients = clientsOf(newcomer)
  if (purpose !== 'watch' || newcomer.info || clients.length === 0) return undefined
  const lookups = inSwarm.flatMap((torrent) => {
    const { lookedForSince: since } = torrent
    return since === undefined ? [] : [{ torrent, clients: clientsOf(torrent), isIdle: true, since }]
  })
  const mostPerClient = Math.max(...clients.map((client) => limitsFor(client).lookups))
  const answer = whoGivesWay(lookups, clients, { most: Number.POSITIVE_INFINITY, mostPerClient })
  return typeof answer === 'string' ? undefined : answer.torrent
}

/** The torrent that gives way to the newcomer, of those that are used. */
function whoElse(newcomer: Torrent, inSwarm: readonly Torrent[], most: number): Torrent | undefined {
  const clients = clientsOf(newcomer)
  if (clients.length === 0) return undefined
  const now = performance.now()
  const places = inSwarm.map((torrent) => placeOf(torrent, now))
  const answer = whoGivesWay(places, clients, { most, mostPerClient: Number.POSITIVE_INFINITY })
  return typeof answer === 'string' ? undefined : answer.torrent
}

function placeOf(torrent: Torrent, now: number): TorrentPlace {
  const { viewers = [], lookedForSince } = torrent
  const idleSince = Math.max(...viewers.map((viewer) => viewer.idleSince ?? now))
  const isUnused = viewers.length > 0 && viewers.every((viewer) => isIdle(viewer, now))
  const isInVain = viewers.length > 0 && lookedForSince !== undefined && now - lookedForSince >= IDLE_AFTER_MS
  return {
    torrent,
    clients: clientsOf(torrent),
    isIdle: isUnused || isInVain,
    since: lookedForSince ?? (isUnused ? idleSince : torrent.lastUsedAt),
  }
}

/** @returns none if it is used by somebody who never gives way */
function clientsOf({ viewers = [] }: Torrent): string[] {
  return [...new Set(viewers.map(({ client }) => client))]
}
