import { patternBytes } from '../pattern-bytes.ts'
import { type Address, type StuckPeers, startStuckPeers } from '../stuck-peers.ts'
import { type Attack, allThrough, type Round, type TargetFilm } from './attack.ts'

/** Listening peers per film; the trackers name them before the honest peer. */
const SILENT = 4
const DRIPPING = 2
const DRIP_MS = 2_500
/** Connections made in each round to each film. */
const COMING_FROM_ONE_ADDRESS = 35
const COMING_FROM_MANY = 8
/** To one film, each from an address of its own. */
const MOST_COMING = 100

type PeersOfFilm = Readonly<Record<'silent' | 'dripping' | 'one' | 'many', StuckPeers>>

/** Peers that claim to have everything and send nothing, or a block now and then. Some listen, some connect. */
export class SilentPeers implements Attack {
  readonly #films = new Map<string, PeersOfFilm>()
  #made = 0
  #met = 0
  #came = 0
  #refused = 0

  get done() {
    const now = [...this.#films.values()]
      .flatMap((peers) => Object.values(peers))
      .reduce((sum, peers) => sum + peers.meetings(), 0)
    return { met: this.#met + now, came: this.#came, refused: this.#refused }
  }

  /** @returns the addresses of the listening peers of a film */
  async meet({ infoHash, seed, length, pieceLength }: TargetFilm): Promise<readonly Address[]> {
    const drip = { film: patternBytes(length, seed), pieceLength, everyMs: DRIP_MS }
    // No address is used again after its peer was detected.
    const next = (count: number) => {
      const after = this.#made
      this.#made += count
      return { infoHash, after }
    }
    const silent = await startStuckPeers({ ...next(SILENT), count: SILENT, from: 'many' })
    const dripping = await startStuckPeers({ ...next(DRIPPING), count: DRIPPING, from: 'many', drip })
    const one = await startStuckPeers({ ...next(1), count: 0, from: 'one' })
    const many = await startStuckPeers({ ...next(MOST_COMING), count: 0, from: 'many' })
    this.#films.set(infoHash, { silent, dripping, one, many })
    return [...silent.addresses, ...dripping.addresses]
  }

  async leave(infoHash: string): Promise<void> {
    const peers = this.#films.get(infoHash)
    this.#films.delete(infoHash)
    for (const each of peers ? Object.values(peers) : []) {
      this.#met += each.meetings()
      await each[Symbol.asyncDispose]()
    }
  }

  async round(round: Round): Promise<void> {
    const { films, target } = round
    const coming = films.flatMap(({ infoHash }) => [
      ...Array.from({ length: COMING_FROM_ONE_ADDRESS }, () => ({ infoHash, from: 'one' }) as const),
      ...Array.from({ length: COMING_FROM_MANY }, () => ({ infoHash, from: 'many' }) as const),
    ])
    await allThrough(round, coming, async ({ infoHash, from }) => {
      const peers = this.#films.get(infoHash)
      const peer = await peers?.[from].come(target.torrentPort, 0).catch(() => undefined)
      if (peer) this.#came++
      else this.#refused++
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const infoHash of [...this.#films.keys()]) await this.leave(infoHash)
  }
}
