/**
 * `node dht-scenario.ts folder film film film`: in a network of its own ({@link runInOwnNetwork}), starts a DHT and a server
 * without trackers, and asks it for the films. Prints what happened as a line of JSON, {@link DhtScenario}.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { baseEnvironment } from './base-environment.ts'
import { DHT_NODES, DHT_ROUTER } from './own-network.ts'
import { PYTHON } from './swarm.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const DHT_SWARM = fileURLToPath(new URL('dht_swarm.py', import.meta.url))
const PIECE_LENGTH = 256 * 1024

export interface DhtScenario {
  /** SHA-1 of the film of the first start, which knows a bootstrap host only; else the status of the answer */
  readonly first: string
  /** the file with the nodes that the server left */
  readonly kept: string
  /** the same after a restart, when the bootstrap host is gone, of another film */
  readonly second: string
  /** the same with a server that has no nodes either, of a third one */
  readonly third: string
}

async function play([folder = '', ...films]: readonly string[]): Promise<DhtScenario> {
  const swarm = spawn(
    PYTHON,
    [DHT_SWARM, JSON.stringify({ router: DHT_ROUTER, nodes: DHT_NODES, films, pieceLength: PIECE_LENGTH })],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const lines = createInterface(swarm.stdout)
  try {
    const [line] = (await once(lines, 'line')) as [string]
    const [one = '', two = '', three = ''] = JSON.parse(line) as string[]
    const nodes = join(folder, 'data', 'dht-nodes')
    const first = await fetchFilm(folder, one, async () => {
      await until(() => existsSync(nodes))
      // It is written again at the end.
      await rm(nodes)
    })
    const kept = await readFile(nodes, 'utf8')
    const ended = once(lines, 'line')
    swarm.stdin.write('\n')
    await ended
    const second = await fetchFilm(folder, two)
    await rm(nodes)
    return { first, kept, second, third: await fetchFilm(folder, three) }
  } finally {
    swarm.kill('SIGKILL')
  }
}

/** Starts a server, asks it for a film, and stops it. */
async function fetchFilm(
  folder: string,
  infoHash: string,
  beforeStop?: () => Promise<void>,
): Promise<string> {
  const server = spawn(process.execPath, [MAIN], {
    env: {
      ...baseEnvironment(),
      HOST: '127.0.0.1',
      PORT: '0',
      TORRENT_DOWNLOAD_PATH: join(folder, 'films'),
      DATA_PATH: join(folder, 'data'),
      TORRENT_TRACKERS: '',
      TORRENT_PEX: 'false',
      TORRENT_TIMEOUT: '8000',
      METADATA_URL: '',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(server, 'exit')
  try {
    const url = `${await urlOf(server)}/stream/proxy/${infoHash}/0`
    let answer = await fetch(url)
    // On a busy machine, answers of the DHT may be late; the next attempt asks it again.
    for (let more = 3; !answer.ok && more > 0; more--) answer = await fetch(url)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    await beforeStop?.()
    return answer.ok ? createHash('sha1').update(bytes).digest('hex') : String(answer.status)
  } finally {
    server.kill('SIGTERM')
    await ended
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(50)
}

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  for await (const line of createInterface(stdout ?? process.stdin)) {
    const [, url] = /listens on (\S+)/.exec(line) ?? []
    if (url !== undefined) return url
  }
  throw new Error('the server ended')
}

process.stdout.write(`${JSON.stringify(await play(process.argv.slice(2)))}\n`)
