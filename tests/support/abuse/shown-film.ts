import { patternBytes } from '../pattern-bytes.ts'
import { seedFilm } from '../seeded-film.ts'
import type { Address } from '../stuck-peers.ts'
import type { Attackers } from './attackers.ts'

export interface FilmOptions {
  /** its length */
  readonly bytes: number
  readonly pieceLength: number
  /** bytes per second */
  readonly uploadLimit: number
}

export interface ShownFilm extends AsyncDisposable {
  readonly infoHash: string
  readonly bytes: Buffer
}

/**
 * A film with one slow honest seeder among silent peers.
 *
 * @param peers - the peers that the tracker names, by info hash
 */
export async function showFilm(
  { bytes: length, pieceLength, uploadLimit }: FilmOptions,
  attackers: Attackers,
  peers: Map<string, readonly Address[]>,
  seed: string,
): Promise<ShownFilm> {
  await using starting = new AsyncDisposableStack()
  const options = { uploadLimit, tickInterval: 20, pieceLength, trackerUrl: '' }
  const film = starting.use(await seedFilm(patternBytes(length, seed), options))
  const { infoHash, port, bytes } = film
  const silent = await attackers.meet({ infoHash, seed, length, pieceLength })
  starting.defer(() => attackers.leave(infoHash))
  const middle = Math.floor(silent.length / 2)
  peers.set(infoHash, silent.toSpliced(middle, 0, { host: '127.0.0.1', port }))
  starting.defer(() => void peers.delete(infoHash))
  const parts = starting.move()
  return { infoHash, bytes, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
