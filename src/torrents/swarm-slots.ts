import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { limitsFor } from '../domain/clients/client-limits.ts'
import { type Place, whoGivesWay } from '../domain/clients/give-way.ts'
import { IDLE_AFTER_MS, isIdle } from '../domain/clients/viewer.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import type { Purpose, Standing, TorrentUsers } from './torrent-users.ts'

const RANKS: Readonly<Record<Standing, number>> = { idle: 0, guessed: 1, wanted: 2, used: 3 }
/** A newcomer may suspend torrents that rank below its purpose. */
const CLAIMS: Readonly<Record<Purpose, number>> = {
  guess: RANKS.guessed,
  fetch: RANKS.wanted,
  watch: RANKS.used,
}

/** A torrent as the slots see it. */
export interface SlotHolder {
  readonly infoHash: InfoHash
  readonly isInSwarm: boolean
  /** a reader could use all the bandwidth */
  readonly isDry: boolean
  readonly standing: Standing
  /** absent while the metadata is not known */
  readonly info: TorrentInfo | undefined
  /** since when the metadata is looked for, in ms of the process' clock */
  readonly lookedForSince: number | undefined
  readonly users: Pick<TorrentUsers, 'viewers' | 'lastUsedAt'>
  /** Leaves the swarm; its downloads are tried again later. */
  leaveSwarm(): Promise<void>
  /** The same, and its viewers end with the reason. */
  giveWay(reason: SelfStremeError): Promise<void>
  /** Fetches what is wanted now, now that other torrents need more or less bandwidth. */
  replan(): void
}

interface UsedSlot extends Place {
  readonly torrent: SlotHolder
}

/**
 * The `TORRENT_MAX_CONNECTIONS` torrents that may be in the swarm at a time, and who of them may fetch in the background.
 * Idle torrents are suspended first, then guesses, then downloads; those only for a viewer. When viewers use all slots,
 * the clients share them: idle viewers and lookups that found nothing give way.
 */
export class SwarmSlots {
  readonly #maxTorrents: number
  readonly #torrents: () => readonly SlotHolder[]
  readonly #log: Log

  /** @param torrents - all that are loaded, in the swarm or not */
  constructor(maxTorrents: number, torrents: () => readonly SlotHolder[], log: Log) {
    this.#maxTorrents = maxTorrents
    this.#torrents = torrents
    this.#log = log
  }

  /** Torrents in the swarm. */
  get taken(): SlotHolder[] {
    return this.#torrents().filter((torrent) => torrent.isInSwarm)
  }

  get hasFree(): boolean {
    return this.taken.length < this.#maxTorrents
  }

  /**
   * Calls `join` as soon as the newcomer has a slot.
   *
   * @throws SelfStremeError `torrent.busy` if no torrent gives way
   */
  async take(newcomer: SlotHolder, purpose: Purpose, join: () => void): Promise<void> {
    for (;;) {
      const others = this.taken.filter((torrent) => torrent !== newcomer)
      const surplus = surplusLookup(newcomer, purpose, others)
      if (surplus) {
        await this.#endFor(surplus, 'its client looks for more torrents than one may')
        continue
      }
      if (others.length < this.#maxTorrents) return join()
      const idle = lowestBelow(CLAIMS[purpose], others)
      if (idle) {
        this.#log.info(`Suspending torrent: ${idle.infoHash}`, { why: 'another torrent needs the slot' })
        await idle.leaveSwarm()
        continue
      }
      const used = purpose === 'watch' ? this.#whoElse(newcomer, others) : undefined
      if (!used) {
        throw new SelfStremeError(
          'torrent.busy',
          `${this.#maxTorrents} torrents are in use (TORRENT_MAX_CONNECTIONS)`,
        )
      }
      await this.#endFor(used, 'another client has fewer')
    }
  }

  /** Whether a reader of any other torrent waits for more than there is. */
  isDryElsewhere(than: SlotHolder): boolean {
    return this.#torrents().some((torrent) => torrent !== than && torrent.isDry)
  }

  /** The `isDry` of a torrent has changed: others may begin to fetch in the background, or must stop. */
  onDryChanged(changed: SlotHolder): void {
    for (const torrent of this.#torrents()) if (torrent !== changed) torrent.replan()
  }

  /** The torrent that gives way to the newcomer, of those that are used. */
  #whoElse(newcomer: SlotHolder, others: readonly SlotHolder[]): SlotHolder | undefined {
    const clients = clientsOf(newcomer)
    if (clients.length === 0) return undefined
    const now = performance.now()
    const slots = others.map((torrent) => usedSlot(torrent, now))
    const limits = { most: this.#maxTorrents, mostPerClient: Number.POSITIVE_INFINITY }
    const answer = whoGivesWay(slots, clients, limits)
    return typeof answer === 'string' ? undefined : answer.torrent
  }

  async #endFor(torrent: SlotHolder, why: string): Promise<void> {
    this.#log.info(`Suspending torrent: ${torrent.infoHash}`, { why })
    await torrent.giveWay(new SelfStremeError('torrent.busy', `${torrent.infoHash} was suspended: ${why}`))
  }
}

/** The torrent that is suspended first, of those that rank below a claim. */
function lowestBelow(claim: number, torrents: readonly SlotHolder[]): SlotHolder | undefined {
  return torrents
    .filter(({ standing }) => RANKS[standing] < claim)
    .sort(
      (a, b) =>
        RANKS[a.standing] - RANKS[b.standing] ||
        // Nothing would have to be fetched again for one without metadata.
        Number(a.info !== undefined) - Number(b.info !== undefined) ||
        a.users.lastUsedAt - b.users.lastUsedAt,
    )
    .at(0)
}

/** The oldest lookup of the newcomer's client, if the client has reached its limit. */
function surplusLookup(
  newcomer: SlotHolder,
  purpose: Purpose,
  others: readonly SlotHolder[],
): SlotHolder | undefined {
  const clients = clientsOf(newcomer)
  if (purpose !== 'watch' || newcomer.info || clients.length === 0) return undefined
  const lookups = others.flatMap((torrent) => {
    const { lookedForSince: since } = torrent
    return since === undefined ? [] : [{ torrent, clients: clientsOf(torrent), isIdle: true, since }]
  })
  const mostPerClient = Math.max(...clients.map((client) => limitsFor(client).lookups))
  const answer = whoGivesWay(lookups, clients, { most: Number.POSITIVE_INFINITY, mostPerClient })
  return typeof answer === 'string' ? undefined : answer.torrent
}

function usedSlot(torrent: SlotHolder, now: number): UsedSlot {
  const { viewers = [], lastUsedAt } = torrent.users
  const { lookedForSince } = torrent
  const idleSince = Math.max(...viewers.map((viewer) => viewer.idleSince ?? now))
  const isUnused = viewers.length > 0 && viewers.every((viewer) => isIdle(viewer, now))
  const isInVain = viewers.length > 0 && lookedForSince !== undefined && now - lookedForSince >= IDLE_AFTER_MS
  return {
    torrent,
    clients: clientsOf(torrent),
    isIdle: isUnused || isInVain,
    since: lookedForSince ?? (isUnused ? idleSince : lastUsedAt),
  }
}

/** @returns none if a lease has no viewer: then it never gives way */
function clientsOf({ users }: SlotHolder): string[] {
  const { viewers = [] } = users
  return [...new Set(viewers.map(({ client }) => client))]
}
