import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Swarm, startSwarm } from './swarm.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface SeederOptions {
  readonly uploadLimit?: number
  /** ms; how often the rate limit lets it send */
  readonly tickInterval?: number
  /** sent in place of the film */
  readonly bytes?: Uint8Array
}

/** One swarm with several seeders of a film. The first of them is honest. */
export async function startMixedSwarm(
  film: Uint8Array,
  pieceLength: number,
  first: SeederOptions,
  ...others: readonly SeederOptions[]
): Promise<{ readonly seeders: Swarm[] } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  const place = async (bytes: Uint8Array) => {
    const path = join(opened.use(await temporaryFolder()).path, 'Film.mkv')
    await writeFile(path, bytes)
    return path
  }
  const seeders = [opened.use(await startSwarm({ ...first, path: await place(film), pieceLength }))]
  const { trackerUrl = '', metainfo } = seeders[0] ?? {}
  const torrentFile = join(opened.use(await temporaryFolder()).path, 'film.torrent')
  await writeFile(torrentFile, metainfo ?? '')
  for (const { bytes = film, ...options } of others) {
    const path = await place(bytes)
    seeders.push(opened.use(await startSwarm({ ...options, path, pieceLength, trackerUrl, torrentFile })))
  }
  const parts = opened.move()
  return { seeders, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
