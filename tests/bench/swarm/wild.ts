import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { startCrowd, usualCrowd } from '../../support/crowd/crowd.ts'
import { startNamingTracker } from '../../support/stuck-peers.ts'
import { startSwarm } from '../../support/swarm.ts'
import { startProcess } from '../measure/own-process.ts'
import type { Film } from './film.ts'
import type { Torrent } from './seeders.ts'

const DELAY_PROXY = new URL('../../support/crowd/delay-proxy.ts', import.meta.url)
const MB = 1_000_000

/** The composition of a swarm. */
export interface Shape {
  /** peers that send nothing */
  readonly useless: number
  readonly seeders: number
  /** how many of the seeders accept encrypted connections only; then 30 % of the useless peers close plain ones */
  readonly encryptedSeeders?: number
  /** peers that have everything and send 20 KB/s */
  readonly slow?: number
  /** bytes per second of all seeders together; 0 = no limit */
  readonly uploadLimit?: number
  readonly oneWayMs?: number
  readonly pieceLength?: number
  /** ms that each tracker takes to answer; one tracker for each */
  readonly trackerMs?: readonly number[]
}

/** A swarm as in the wild: most addresses that its trackers name are dead or useless. */
export async function startWildSwarm(film: Film, shape: Shape): Promise<Torrent & AsyncDisposable> {
  const { useless, seeders, encryptedSeeders = 0, slow = 0, uploadLimit = 6 * MB } = shape
  const { oneWayMs = 40, pieceLength = 1024 * 1024, trackerMs = [0] } = shape
  await using starting = new AsyncDisposableStack()
  const torrentFile = `${film.path}.${pieceLength}.torrent`
  const swarms = []
  for (let at = 0; at < seeders; at++) {
    const swarm = await startSwarm({
      path: film.path,
      pieceLength,
      trackerUrl: '',
      uploadLimit: Math.floor(uploadLimit / seeders),
      encrypted: at < encryptedSeeders,
      ...(existsSync(torrentFile) && { torrentFile }),
    })
    swarms.push(starting.use(swarm))
    if (!existsSync(torrentFile)) await writeFile(torrentFile, swarm.metainfo)
  }
  const infoHash = swarms[0]?.infoHash ?? ''
  const proxy = starting.use(
    startProcess(process.execPath, [DELAY_PROXY, oneWayMs, ...swarms.map(({ port }) => port)]),
  )
  const encrypted = encryptedSeeders > 0 ? Math.round(useless * 0.3) : 0
  const crowd = starting.use(
    await startCrowd({
      infoHash,
      ...usualCrowd(useless - encrypted),
      encrypted,
      slow,
      filmPath: film.path,
      pieceLength,
      oneWayMs,
    }),
  )
  const ports = [...(JSON.parse(await proxy.nextLine(/^\[/)) as number[]), ...crowd.ports]
  const peers = ports.map((port) => ({ host: '127.0.0.1', port }))
  // Each answer is in another order.
  const trackers = await Promise.all(
    trackerMs.map((ms) =>
      startNamingTracker(
        () => shuffled(peers),
        () => sleep(ms),
      ),
    ),
  )
  for (const tracker of trackers) starting.use(tracker)
  const parts = starting.move()
  return {
    infoHash,
    trackerUrl: trackers.map(({ url }) => url).join(','),
    magnet: `magnet:?xt=urn:btih:${infoHash}${trackers.map(({ url }) => `&tr=${encodeURIComponent(url)}`).join('')}`,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function shuffled<T>(values: readonly T[]): T[] {
  const keyed = values.map((value) => ({ value, at: Math.random() }))
  return keyed.sort((a, b) => a.at - b.at).map(({ value }) => value)
}
