import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Swarm, type SwarmOptions, startSwarm } from './swarm.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A swarm of one film. */
export interface SeededFilm extends Swarm {
  readonly bytes: Buffer
  /** path of the film at the seeder */
  readonly path: string
  readonly magnet: string
}

/** A film called `Film.mkv` with a seeder. */
export async function seedFilm(bytes: Buffer, options: Partial<SwarmOptions> = {}): Promise<SeededFilm> {
  await using seeding = new AsyncDisposableStack()
  const path = join(seeding.use(await temporaryFolder()).path, 'Film.mkv')
  await writeFile(path, bytes)
  const swarm = seeding.use(await startSwarm({ path, ...options }))
  const magnet = `magnet:?xt=urn:btih:${swarm.infoHash}&tr=${encodeURIComponent(swarm.trackerUrl)}`
  const parts = seeding.move()
  return { ...swarm, bytes, path, magnet, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
