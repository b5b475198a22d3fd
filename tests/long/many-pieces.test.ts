import { createHash } from 'node:crypto'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { getRange, openStream } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf, childrenOf, cpuSecondsOf } from '../support/processes.ts'
import { connectPeer, freePort } from '../support/raw-peer.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const TORRENTS = 25
const PIECES = 25_000

test(`${TORRENTS} torrents of ${PIECES} pieces each from an earlier run cost little`, async () => {
  await using downloads = await temporaryFolder()
  const infoHashes: string[] = []
  for (let n = 0; n < TORRENTS; n++) infoHashes.push(await leaveHalf(downloads.path, `Film ${n}.mkv`))
  const port = await freePort()

  const startedAt = performance.now()
  await using server = startServerProcess({
    TORRENT_DOWNLOAD_PATH: downloads.path,
    TORRENT_PORT: String(port),
    TORRENT_MAX_CONNECTIONS: String(TORRENTS),
  })
  const url = await server.url()
  const startMs = performance.now() - startedAt
  const before = memoryOf(server)

  await using answers = watchAnswers(`${url}/manifest.json`)
  const askedAt = performance.now()
  const first = await Promise.all(
    infoHashes.map((hash) => getRange(`${url}/stream/proxy/${hash}`, 0, 65_535)),
  )
  const servedMs = performance.now() - askedAt
  for (const bytes of first) expectSameBytes(bytes, Buffer.alloc(65_536))
  const peers = await Promise.all(infoHashes.map((hash) => connectPeer(port, hash)))
  const openMs = performance.now() - askedAt
  const after = memoryOf(server)

  const cpuBefore = cpuSecondsOf(server.child.pid as number)
  await sleep(5_000)
  const cpuShare = (cpuSecondsOf(server.child.pid as number) - cpuBefore) / 5
  const slowestMs = await answers.slowestMs()
  for (const { socket } of peers) socket.destroy()
  console.info(
    `listens after ${startMs.toFixed()} ms; all served after ${servedMs.toFixed()} ms, all open in the engine after ` +
      `${openMs.toFixed()} ms; slowest other answer ${slowestMs.toFixed()} ms; at rest ${(100 * cpuShare).toFixed()} % CPU; ` +
      `MiB before ${shown(before)}, after ${shown(after)}`,
  )
  expect(startMs).toBeLessThan(5_000)
  expect(openMs).toBeLessThan(20_000)
  expect(slowestMs).toBeLessThan(1_000)
  expect(cpuShare).toBeLessThan(0.5)
  expect(after.main - before.main).toBeLessThan(10 * TORRENTS)
  expect(after.engine).toBeLessThan(20 * TORRENTS)
})

test.skipIf(!hasSeeder).for([16 * 1024, MIB])(
  `fetching a film of ${PIECES * 16} KiB in pieces of %d bytes does not block other requests`,
  async (pieceLength) => {
    await using folder = await temporaryFolder()
    await using downloads = await temporaryFolder()
    const film = patternBytes(PIECES * 16 * 1024)
    const path = join(folder.path, 'Film.mkv')
    await writeFile(path, film)
    await using swarm = await startSwarm({ path, pieceLength })
    await using server = startServerProcess({ ...swarm.settings, TORRENT_DOWNLOAD_PATH: downloads.path })
    const url = await server.url()
    await using answers = watchAnswers(`${url}/manifest.json`)
    const askedAt = performance.now()
    const hash = createHash('sha256')
    for await (const part of await openStream(`${url}/stream/proxy/${swarm.infoHash}`)) hash.update(part)
    const tookMs = performance.now() - askedAt
    const slowestMs = await answers.slowestMs()
    expect(hash.digest('hex')).toBe(sha256(film))

    const both = cpuSecondsOf(server.child.pid as number)
    const engine = cpuSecondsOf(engineOf(server))
    console.info(
      `pieces of ${pieceLength}: ${(film.length / MIB / (tookMs / 1_000)).toFixed()} MiB/s, CPU ${(both - engine).toFixed(1)} s ` +
        `and ${engine.toFixed(1)} s, slowest other answer ${slowestMs.toFixed()} ms, MiB ${shown(memoryOf(server))}`,
    )
    expect(slowestMs).toBeLessThan(1_000)
    expect(both - engine).toBeLessThan(10)
    expect(memoryOf(server).main).toBeLessThan(200)
    expect(memoryOf(server).engine).toBeLessThan(300)
  },
)

/** A sparse film of zeros with its first half claimed. */
async function leaveHalf(root: string, name: string): Promise<string> {
  const hash = createHash('sha1').update(Buffer.alloc(MIB)).digest()
  const info = {
    length: PIECES * MIB,
    name,
    'piece length': MIB,
    pieces: Buffer.concat(Array.from({ length: PIECES }, () => hash)),
  }
  const infoHash = createHash('sha1').update(bencode.encode(info)).digest('hex')
  const ours = join(root, infoHash, '.self-streme')
  await mkdir(ours, { recursive: true })
  await writeFile(join(root, infoHash, name), '')
  await truncate(join(root, infoHash, name), info.length)
  await writeFile(join(ours, 'metainfo.torrent'), bencode.encode({ info }))
  await writeFile(join(ours, 'verified.bits'), Buffer.alloc(PIECES / 16, 0xff))
  return infoHash
}

function memoryOf(server: ServerProcess) {
  const main = anonymousMemoryOf(server.child.pid as number) / MIB
  return { main, engine: anonymousMemoryOf(engineOf(server)) / MIB }
}

function engineOf(server: ServerProcess): number {
  const [engine] = childrenOf(server.child.pid as number, 'engine/child/main.ts')
  if (engine === undefined) throw new Error('the engine was not started')
  return engine
}

function shown({ main, engine }: { main: number; engine: number }): string {
  return `${main.toFixed()} + ${engine.toFixed()}`
}

/** Makes small requests all the time: each waits as long as the event loop is blocked. */
function watchAnswers(url: string) {
  const stop = new AbortController()
  const asking = (async () => {
    let slowestMs = 0
    while (!stop.signal.aborted) {
      const askedAt = performance.now()
      await (await fetch(url)).arrayBuffer()
      slowestMs = Math.max(slowestMs, performance.now() - askedAt)
      await sleep(10)
    }
    return slowestMs
  })()
  return {
    async slowestMs() {
      stop.abort()
      return asking
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await asking.catch(() => undefined)
    },
  }
}
