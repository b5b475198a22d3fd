import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Server } from 'bittorrent-tracker'

const SEEDER = fileURLToPath(new URL('seeder.py', import.meta.url))

/** Debian's own Python is the one that Debian's libtorrent is for. */
const PYTHON = '/usr/bin/python3'

/** Whether libtorrent is there, the seeder of every swarm test. Where `CI` is set, it has to be. */
export const hasSeeder = findSeeder()

/** A swarm on this machine: a tracker, and libtorrent seeding one file or folder. */
export interface Swarm extends AsyncDisposable {
  readonly infoHash: string
  readonly trackerUrl: string
  /** torrent file */
  readonly metainfo: Uint8Array
  /** Settings that make the server join this swarm and no other. */
  readonly settings: Readonly<Record<string, string>>
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
  /** of another swarm; without it, this one gets a tracker of its own */
  readonly trackerUrl?: string
}

export async function startSwarm(options: SwarmOptions): Promise<Swarm> {
  const { path, pieceLength = 256 * 1024, uploadLimit } = options
  await using starting = new AsyncDisposableStack()
  const tracker = options.trackerUrl === undefined ? starting.use(await startTracker()) : undefined
  const trackerUrl = tracker?.url ?? options.trackerUrl ?? ''
  const seeder = spawn(
    PYTHON,
    [SEEDER, JSON.stringify({ path, tracker: trackerUrl, pieceLength, uploadLimit })],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  )
  starting.defer(() => stop(seeder))
  // Once the tracker knows the seeder, whoever asks it meets somebody.
  const known = tracker && once(tracker.server, 'start')
  const [line] = (await once(createInterface(seeder.stdout), 'line')) as [string]
  await known
  const { infoHash, torrent } = JSON.parse(line) as { infoHash: string; torrent: string }
  const parts = starting.move()
  return {
    infoHash,
    trackerUrl,
    metainfo: Buffer.from(torrent, 'base64'),
    settings: { TORRENT_TRACKERS: trackerUrl },
    stopSeeding: () => stop(seeder),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** A BitTorrent tracker on this machine. */
export async function startTracker(): Promise<
  { readonly url: string; readonly server: Server } & AsyncDisposable
> {
  const tracker = new Server({ udp: false, ws: false, http: true, stats: false })
  tracker.listen(0, '127.0.0.1')
  await once(tracker, 'listening')
  const { port } = tracker.http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/announce`,
    server: tracker,
    async [Symbol.asyncDispose]() {
      tracker.http.closeAllConnections()
      await new Promise<void>((done) => tracker.close(() => done()))
    },
  }
}

async function stop(seeder: ChildProcess): Promise<void> {
  if (seeder.exitCode !== null || seeder.signalCode !== null) return
  seeder.kill('SIGKILL')
  await once(seeder, 'exit')
}

function findSeeder(): boolean {
  try {
    execFileSync(PYTHON, ['-c', 'import libtorrent'], { stdio: 'ignore' })
    return true
  } catch {
    const missing = 'python3-libtorrent is missing (apt-get install python3-libtorrent)'
    if (process.env.CI) throw new Error(missing)
    console.warn(`\n*** ${missing}: the tests on a real swarm are LEFT OUT. ***\n`)
    return false
  }
}
