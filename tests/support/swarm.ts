import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import bencode from 'bencode'
import { Server } from 'bittorrent-tracker'
import { isInstalled } from './installed.ts'

const SEEDER = fileURLToPath(new URL('seeder.py', import.meta.url))
const LONGEST_DOWNLOAD_MS = 60_000
const LEECHER = fileURLToPath(new URL('leecher.py', import.meta.url))

/** The system's Python: Debian's libtorrent is built for it. */
export const PYTHON = '/usr/bin/python3'

/** Whether libtorrent is installed, the seeder of every swarm test. */
export const hasSeeder = isInstalled(
  'python3-libtorrent',
  [PYTHON, '-c', 'import libtorrent'],
  'tests with a swarm of libtorrent',
)

/** A swarm on this machine: a tracker, and libtorrent seeding one file or folder. */
export interface Swarm extends AsyncDisposable {
  readonly infoHash: string
  /** port of the seeder, on 127.0.0.1 */
  readonly port: number
  readonly trackerUrl: string
  /** torrent file */
  readonly metainfo: Uint8Array
  /** Settings that make the server join this swarm only. */
  readonly settings: Readonly<Record<string, string>>
  /** Bytes of the film that the seeder has sent so far, to any peer. */
  uploadedBytes(): Promise<number>
  /** Stops the seeder's process: its connections stay open and silent. */
  freeze(): void
  /** Lets it continue. */
  thaw(): void
  /** Ends the seeder; the tracker stays. */
  stopSeeding(): Promise<void>
}

export interface SwarmOptions {
  /** file or folder to seed */
  readonly path: string
  /** bytes; default 256 KiB */
  readonly pieceLength?: number
  /** bytes per second */
  readonly uploadLimit?: number
  /** ms; how often the rate limit lets it send, libtorrent's own default is 500 */
  readonly tickInterval?: number
  /** tracker of another swarm, or empty for none; by default the swarm has a tracker of its own */
  readonly trackerUrl?: string
  /** text that an announce URL must contain; others are not answered */
  readonly passkey?: string
  /**
   * path of an existing torrent file: saves hashing the film. If the film at `path` differs, its bytes are sent anyway.
   */
  readonly torrentFile?: string
  /** whether the seeder speaks uTP in addition to TCP */
  readonly utp?: boolean
  /** whether the seeder takes encrypted connections only */
  readonly encrypted?: boolean
}

export async function startSwarm(options: SwarmOptions): Promise<Swarm> {
  const { path, pieceLength = 256 * 1024, trackerUrl: _, passkey, ...others } = options
  await using starting = new AsyncDisposableStack()
  const tracker = options.trackerUrl === undefined ? starting.use(await startTracker(passkey)) : undefined
  const trackerUrl = tracker?.url ?? options.trackerUrl ?? ''
  const seeder = spawn(
    PYTHON,
    [SEEDER, JSON.stringify({ ...others, path, tracker: trackerUrl, pieceLength })],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  starting.defer(() => stop(seeder))
  const lines = createInterface(seeder.stdout)
  const [line] = (await once(lines, 'line')) as [string]
  const { infoHash, port, torrent } = JSON.parse(line) as { infoHash: string; port: number; torrent: string }
  // Once the tracker knows the seeder, every announce gets its address.
  while (trackerUrl && !(await knows(trackerUrl, infoHash, port))) await sleep(20)
  const parts = starting.move()
  return {
    infoHash,
    port,
    trackerUrl,
    metainfo: Buffer.from(torrent, 'base64'),
    settings: { TORRENT_TRACKERS: trackerUrl },
    async uploadedBytes() {
      const answer = once(lines, 'line') as Promise<[string]>
      seeder.stdin.write('\n')
      return (JSON.parse((await answer)[0]) as { uploaded: number }).uploaded
    },
    freeze: () => void seeder.kill('SIGSTOP'),
    thaw: () => void seeder.kill('SIGCONT'),
    stopSeeding: () => stop(seeder),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Downloads a torrent with libtorrent from all peers that the tracker knows; resolves when it is complete. */
export async function downloadTorrent(
  metainfo: Uint8Array,
  folder: string,
  trackerUrl: string,
): Promise<void> {
  const torrent = Buffer.from(metainfo).toString('base64')
  const options = JSON.stringify({ torrent, folder, tracker: trackerUrl })
  await promisify(execFile)(PYTHON, [LEECHER, options], { timeout: LONGEST_DOWNLOAD_MS })
}

/** A BitTorrent tracker on this machine. */
export async function startTracker(
  passkey?: string,
): Promise<{ readonly url: string; readonly server: Server } & AsyncDisposable> {
  const tracker = new Server({
    udp: false,
    ws: false,
    http: true,
    stats: false,
    filter: (_infoHash, params, done) =>
      done(params.passkey === passkey ? null : new Error('the passkey is wrong')),
  })
  tracker.listen(0, '127.0.0.1')
  await once(tracker, 'listening')
  const { port } = tracker.http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/announce${passkey === undefined ? '' : `?passkey=${passkey}`}`,
    server: tracker,
    async [Symbol.asyncDispose]() {
      tracker.http.closeAllConnections()
      await new Promise<void>((done) => tracker.close(() => done()))
    },
  }
}

/** Whether a tracker names a peer (BEP 3, BEP 23). */
async function knows(trackerUrl: string, infoHash: string, port: number): Promise<boolean> {
  const hash = infoHash.replace(/../g, '%$&')
  const asker = `info_hash=${hash}&peer_id=-XX0001-justlooking0&port=1&uploaded=0&downloaded=0&left=0`
  const url = `${trackerUrl}${trackerUrl.includes('?') ? '&' : '?'}`
  const answer = await fetch(`${url}${asker}&compact=1&numwant=100&event=stopped`)
  const { peers } = bencode.decode(new Uint8Array(await answer.arrayBuffer())) as { peers: Uint8Array }
  const view = new DataView(peers.buffer, peers.byteOffset, peers.length)
  for (let at = 4; at < peers.length; at += 6) if (view.getUint16(at) === port) return true
  return false
}

async function stop(seeder: ChildProcess): Promise<void> {
  if (seeder.exitCode !== null || seeder.signalCode !== null) return
  seeder.kill('SIGKILL')
  await once(seeder, 'exit')
}
