import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { cpuSecondsOf } from '../support/processes.ts'
import type { Swarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A server that turns a torrent into a video, running and ready to be asked. */
export interface Contestant extends AsyncDisposable {
  /** Hands it the torrent; resolves with an address to read the film from, which may be before any peer was met. */
  open(): Promise<string>
  /** CPU seconds of all its processes so far */
  cpuSeconds(): number
}

export const contestants = { 'self-streme': startOurs, webtorrent: startWebtorrent }

async function startOurs(swarm: Swarm): Promise<Contestant> {
  const folder = await temporaryFolder()
  const child = run('../../src/main.ts', [], {
    PORT: '0',
    HOST: '127.0.0.1',
    TORRENT_DOWNLOAD_PATH: folder.path,
    TORRENT_PORT: '0',
    TORRENT_DHT: 'false',
    ...swarm.settings,
  })
  const [line] = await nextLine(child.lines)
  const url = /http:\S+/.exec(line)?.[0]
  // The engine starts beside the HTTP port; a server that has been up for a while has both.
  await new Promise((done) => setTimeout(done, 1_000))
  return {
    open: async () => `${url}/stream/proxy/${swarm.infoHash}`,
    cpuSeconds: () => cpuSecondsOf(child.process.pid as number),
    [Symbol.asyncDispose]: async () => {
      await stop(child.process)
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function startWebtorrent(swarm: Swarm): Promise<Contestant> {
  const folder = await temporaryFolder()
  const child = run('webtorrent-server.ts', [folder.path], {})
  await nextLine(child.lines)
  await new Promise((done) => setTimeout(done, 1_000))
  return {
    async open() {
      const magnet = `magnet:?xt=urn:btih:${swarm.infoHash}&tr=${encodeURIComponent(swarm.trackerUrl)}`
      child.process.stdin?.write(`${magnet}\n`)
      const [url] = await nextLine(child.lines)
      return url
    },
    cpuSeconds: () => cpuSecondsOf(child.process.pid as number),
    [Symbol.asyncDispose]: async () => {
      await stop(child.process)
      await folder[Symbol.asyncDispose]()
    },
  }
}

function run(script: string, args: readonly string[], settings: Record<string, string>) {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const process_ = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return { process: process_ as ChildProcess, lines: createInterface(process_.stdout) }
}

async function nextLine(lines: Interface): Promise<[string]> {
  return (await once(lines, 'line')) as [string]
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}
