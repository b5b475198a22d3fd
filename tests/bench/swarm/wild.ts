import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'
import { startCrowd, usualCrowd } from '../../support/crowd/crowd.ts'
import { startSwarm } from '../../support/swarm.ts'
import { startProcess } from '../measure/own-process.ts'
import type { Film } from './film.ts'
import type { Torrent } from './seeders.ts'

const DELAY_PROXY = new URL('delay-proxy.ts', import.meta.url)
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
  const trackers = await Promise.all(trackerMs.map((ms) => startTracker(ports, ms)))
  for (const tracker of trackers) starting.use(tracker)
  const parts = starting.move()
  return {
    infoHash,
    trackerUrl: trackers.map(({ url }) => url).join(','),
    magnet: `magnet:?xt=urn:btih:${infoHash}${trackers.map(({ url }) => `&tr=${encodeURIComponent(url)}`).join('')}`,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Names the same peers to every client for any torrent, each time in another order (BEP 23). */
async function startTracker(
  ports: readonly number[],
  ms: number,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(async (_, res) => {
    await sleep(ms)
    const shuffled = ports.map((port) => ({ port, at: Math.random() })).sort((a, b) => a.at - b.at)
    const peers = Buffer.concat(shuffled.map(({ port }) => Buffer.of(127, 0, 0, 1, port >> 8, port & 255)))
    res.end(bencode.encode({ interval: 1800, peers }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}
