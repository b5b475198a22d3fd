import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { startSwarm, startTracker } from '../../support/swarm.ts'
import { startProcess } from '../measure/own-process.ts'
import { settings } from '../settings.ts'
import type { Film } from './film.ts'

const DELAY_PROXY = new URL('../../support/crowd/delay-proxy.ts', import.meta.url)

/** A torrent, and where its peers are announced. */
export interface Torrent {
  readonly infoHash: string
  readonly trackerUrl: string
  readonly magnet: string
}

export interface SeedersOptions {
  readonly pieceLength: number
  /** a tracker shared with other torrents; default one of its own */
  readonly trackerUrl?: string
  /** bytes a second of all together; default unlimited */
  readonly uploadLimit?: number
  /** how often the rate limit lets them send; libtorrent's own default is 500 */
  readonly limitTickMs?: number
  /** milliseconds from one side to the other */
  readonly oneWayMs?: number
  /** whether they speak uTP in addition to TCP */
  readonly utp?: boolean
}

/** Some libtorrent seeders of one film on loopback, and a tracker that knows them. */
export async function startSeeders(film: Film, options: SeedersOptions): Promise<Torrent & AsyncDisposable> {
  const { pieceLength, uploadLimit = 0, limitTickMs = 500, oneWayMs = 0, utp = false } = options
  await using starting = new AsyncDisposableStack()
  const trackerUrl = options.trackerUrl ?? starting.use(await startTracker()).url
  const each = {
    path: film.path,
    pieceLength,
    uploadLimit: Math.floor(uploadLimit / settings.seeders),
    tickInterval: limitTickMs,
    utp,
  }
  const torrentFile = `${film.path}.${pieceLength}.torrent`
  // Seeders do not announce themselves: behind a proxy, only the proxy may be known.
  const swarms = await Promise.all(
    Array.from({ length: settings.seeders }, () =>
      startSwarm({ ...each, trackerUrl: '', ...(existsSync(torrentFile) && { torrentFile }) }),
    ),
  )
  for (const swarm of swarms) starting.use(swarm)
  const [{ infoHash = '', metainfo = Buffer.alloc(0) } = {}] = swarms
  if (!existsSync(torrentFile)) await writeFile(torrentFile, metainfo)

  let ports = swarms.map((swarm) => swarm.port)
  if (oneWayMs > 0) {
    const proxy = starting.use(startProcess(process.execPath, [DELAY_PROXY, oneWayMs, ...ports]))
    ports = JSON.parse(await proxy.nextLine(/^\[/)) as number[]
  }
  for (const port of ports) await announce(trackerUrl, infoHash, port)
  const parts = starting.move()
  return {
    infoHash,
    trackerUrl,
    magnet: `magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(trackerUrl)}`,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Announces a seeder on 127.0.0.1 to a tracker (BEP 3). */
async function announce(trackerUrl: string, infoHash: string, port: number): Promise<void> {
  const peerId = `-BN0001-${String(port).padStart(12, '0')}`
  const query = `info_hash=${infoHash.replace(/../g, '%$&')}&peer_id=${peerId}&port=${port}`
  const answer = await fetch(`${trackerUrl}?${query}&uploaded=0&downloaded=1&left=0&compact=1&event=started`)
  const text = await answer.text()
  if (!answer.ok || text.includes('failure')) throw new Error(`the tracker says ${answer.status}: ${text}`)
}
