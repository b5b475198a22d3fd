import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { shakeHandsEncrypted } from '../support/encrypted-handshake.ts'
import { HARMLESS_MESSAGES, HOSTILE_HANDSHAKES, HOSTILE_MESSAGES } from '../support/hostile-messages.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf, childrenOf } from '../support/processes.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { connectPeer, freePort, handshakeOf, listenAsPeer } from '../support/raw-peer.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SEED = Number(process.env.SEED ?? 20_261_121)
const MESSAGES = 12_000
const ATTACKERS = 6
const WAITING_PEERS = 12
const FILM_BYTES = 24 * 1024 * 1024
const UNKNOWN = 'cd'.repeat(20)
const ON_DISK = 'ef'.repeat(20)
/** The engine shares two cores with its attackers; if it were blocked for good, this would be exceeded by far. */
const LATEST_ANSWER_MS = 2_500

test.runIf(hasSeeder).for(['off', 'prefer'] as const)(
  'ten thousand hostile messages only harm the peers that send them, encryption: %s',
  async (encryption) => {
    console.info(`wire fuzzer: SEED=${SEED}`)
    await using home = await temporaryFolder()
    const film = patternBytes(FILM_BYTES)
    const path = join(home.path, 'Film.mkv')
    await writeFile(path, film)
    await using swarm = await startSwarm({ path, uploadLimit: 100_000 })
    const placed = patternBytes(1_200_000, 'placed')
    const folder = join(home.path, 'downloads')
    await mkdir(folder)
    await writeFile(join(folder, `Placed ${ON_DISK}.mp4`), placed)
    const port = await freePort()
    await using app = await startTestApp({
      ...swarm.settings,
      TORRENT_DOWNLOAD_PATH: folder,
      TORRENT_PORT: String(port),
      TORRENT_ENCRYPTION: encryption,
      TORRENT_TIMEOUT: '120000',
    })

    const leaving = new AbortController()
    for (const infoHash of [UNKNOWN, swarm.infoHash]) {
      const answer = fetch(`${app.url}/stream/proxy/${infoHash}`, { signal: leaving.signal })
      void answer.then(({ body }) => body?.getReader().read()).catch(() => undefined)
    }
    await connectPeer(port, swarm.infoHash).then(({ socket }) => socket.destroy())
    const engines = childrenOf(process.pid, 'engine/child/main.ts')
    const memoryBefore = anonymousMemoryOf(engines[0] ?? 0) / MIB
    let mostMemory = memoryBefore

    const sent = new Map<string, number>()
    const count = (name: string) => sent.set(name, (sent.get(name) ?? 0) + 1)
    const total = () => [...sent.values()].reduce((sum, each) => sum + each, 0)
    const isOver = () => total() >= MESSAGES

    await using waiting = new AsyncDisposableStack()
    for (let n = 0; n < WAITING_PEERS; n++) {
      const random = seededRandom(SEED + 1_000 + n)
      const infoHash = n % 2 ? UNKNOWN : swarm.infoHash
      const peer = waiting.use(
        await listenAsPeer(
          infoHash,
          ({ socket }) => void attack(socket, random, count).catch(() => undefined),
        ),
      )
      await announce(swarm.trackerUrl, infoHash, peer.port, n)
    }

    const answers: number[] = []
    const watching = watch()
    await Promise.all(
      Array.from({ length: ATTACKERS }, async (_, n) => {
        const random = seededRandom(SEED + n)
        while (!isOver()) {
          const infoHash = random.oneIn(2) ? UNKNOWN : swarm.infoHash
          await attackOnce(infoHash, random)
        }
      }),
    )
    await watching
    await waiting.disposeAsync()

    async function attackOnce(infoHash: string, random: Random): Promise<void> {
      const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + random.int(200)}` })
      socket.on('error', () => undefined)
      await Promise.race([once(socket, 'connect'), once(socket, 'close')])
      const honest = handshakeOf(infoHash)
      const way = random.int(6)
      if (way === 0) {
        const name = random.pick(Object.keys(HOSTILE_HANDSHAKES))
        await write(socket, random, HOSTILE_HANDSHAKES[name]?.(random, honest) ?? honest)
        count(name)
      } else if (encryption === 'prefer' && way === 1) {
        const said = random.oneIn(2) ? random.bytes(random.int(200)) : Buffer.alloc(100)
        await shakeHandsEncrypted(socket, infoHash, said).catch(() => undefined)
        await attack(socket, random, count)
        count('encrypted')
      } else {
        if (random.oneIn(10)) socket.pause()
        else socket.resume()
        await write(socket, random, honest)
        await attack(socket, random, count)
      }
      socket.destroy()
    }

    /** Meanwhile: the engine answers an honest peer, a file on disk is served, and memory stays within its limit. */
    async function watch(): Promise<void> {
      while (!isOver()) {
        const startedAt = performance.now()
        const honest = await connectPeer(port, swarm.infoHash, '127.0.1.1')
        answers.push(performance.now() - startedAt)
        honest.socket.destroy()
        const whole = await fetch(`${app.url}/stream/proxy/${ON_DISK}`)
        expectSameBytes(Buffer.from(await whole.arrayBuffer()), placed)
        expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual(engines)
        mostMemory = Math.max(mostMemory, anonymousMemoryOf(engines[0] ?? 0) / MIB)
        await sleep(100)
      }
    }

    leaving.abort()
    const slowest = Math.max(...answers)
    console.info('messages:', Object.fromEntries([...sent].sort()), 'sum:', total())
    console.info('answers:', answers.length, 'slowest ms:', Math.round(slowest))
    console.info('memory MiB before, most:', Math.round(memoryBefore), Math.round(mostMemory))
    expect(slowest).toBeLessThan(LATEST_ANSWER_MS)
    expect(mostMemory - memoryBefore).toBeLessThan(250)

    await using _quick = await startSwarm({ path, trackerUrl: swarm.trackerUrl })
    const whole = await fetch(`${app.url}/stream/proxy/${swarm.infoHash}`)
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(film))
    console.info('memory MiB afterwards:', Math.round(anonymousMemoryOf(engines[0] ?? 0) / MIB))
    expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual(engines)
  },
)

/** Sends hostile and harmless messages until the other side closes, or about forty of them. */
async function attack(socket: Socket, random: Random, count: (name: string) => void): Promise<void> {
  for (let said = 0; said < 40 && !socket.destroyed; said++) {
    const name = random.pick(Object.keys(HOSTILE_MESSAGES))
    const hostile = HOSTILE_MESSAGES[name]?.(random) ?? Buffer.alloc(0)
    const glued = random.oneIn(3) ? [random.pick(HARMLESS_MESSAGES)(random), hostile] : [hostile]
    await write(socket, random, Buffer.concat(glued))
    count(name)
  }
}

/** Complete, cut at one byte, or byte by byte; a peer that does not read is not waited for long. */
async function write(socket: Socket, random: Random, bytes: Buffer): Promise<void> {
  socket.setNoDelay(true)
  const cut = random.int(bytes.length + 1)
  const parts = random.pick([
    [bytes],
    [bytes.subarray(0, cut), bytes.subarray(cut)],
    bytes.length < 100 ? Array.from(bytes, (byte) => Buffer.from([byte])) : [bytes],
  ])
  for (const part of parts) {
    if (socket.destroyed) return
    const isTaken = socket.write(part)
    await (isTaken ? new Promise((done) => setImmediate(done)) : drained(socket))
  }
}

async function drained(socket: Socket): Promise<void> {
  const enough = AbortSignal.timeout(500)
  await Promise.race([
    once(socket, 'drain', { signal: enough }),
    once(socket, 'close', { signal: enough }),
  ]).catch(() => undefined)
}

async function announce(trackerUrl: string, infoHash: string, port: number, n: number): Promise<void> {
  const hash = infoHash.replace(/../g, '%$&')
  const peerId = `-XX0001-waiting${String(n).padStart(5, '0')}`
  const answer = await fetch(
    `${trackerUrl}?info_hash=${hash}&peer_id=${peerId}&port=${port}&uploaded=0&downloaded=0&left=0&compact=1&event=started`,
  )
  expect(answer.ok).toBe(true)
}
