import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/info-hash.ts'
import type { Engine, PieceWindow } from '../../src/engine/engine.ts'
import { startEngineProcess } from '../../src/engine/engine-process.ts'
import { createLog } from '../../src/observe/log.ts'
import { anonymousMemoryOf, childrenOf } from '../support/processes.ts'
import { connectPeer, freePort, message } from '../support/raw-peer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
/** the longest that are taken */
const PIECE = 64 * MIB
const BLOCK = 16 * 1024
const [UNCHOKE, REQUEST, HAVE_ALL] = [1, 6, 14]
/** four of the longest pieces, which all torrents share, and what the engine takes without any */
const MOST_MEMORY = 256 * MIB + 160 * MIB
const HASH_OF_ZEROS = createHash('sha1').update(Buffer.alloc(PIECE)).digest()
const BLOCK_OF_ZEROS = Buffer.alloc(4 + 9 + BLOCK)

/** A torrent of zeros in long pieces, with a peer of its own. */
interface LongTorrent {
  readonly infoHash: InfoHash
  readonly verified: Set<number>
  want(priority: PieceWindow['priority']): void
  /** Has its peer give so many more blocks; without this it gives none. */
  give(blocks: number): void
  readonly given: number
}

test.for([10, 25])(
  '%d torrents of 64 MiB pieces share one bound on memory, and all of them go on',
  { timeout: 300_000 },
  async (count) => {
    await using started = await startEngine()
    const torrents: LongTorrent[] = []
    for (let n = 0; n < count; n++) torrents.push(await started.open(n, 1))
    await using memory = watchMemory(started.pid)
    for (const torrent of torrents) torrent.want('urgent')
    // Little by little, so that without a bound all of them would be begun, and none complete.
    const giving = setInterval(() => {
      for (const torrent of torrents) torrent.give(128)
    }, 100)
    try {
      await expect
        .poll(() => torrents.filter(({ verified }) => verified.size === 1).length, { timeout: 200_000 })
        .toBe(count)
    } finally {
      clearInterval(giving)
    }
    console.info(`${count} torrents: ${(memory.peak() / MIB).toFixed()} MiB at most`)
    expect(memory.peak()).toBeLessThan(MOST_MEMORY)
    expect(memory.peak()).toBeGreaterThan(2 * PIECE)
    // No piece was fetched twice: what is being fetched is finished first.
    expect(Math.max(...torrents.map(({ given }) => given))).toBeLessThan(1.1 * (PIECE / BLOCK))
  },
)

test('pieces that stall halfway give way to viewers', { timeout: 120_000 }, async () => {
  await using started = await startEngine()
  const stalled: LongTorrent[] = []
  for (let n = 0; n < 6; n++) stalled.push(await started.open(n, 2))
  const viewer = await started.open(6, 1)
  const other = await started.open(7, 1)
  await using memory = watchMemory(started.pid)

  for (const torrent of stalled) torrent.want('background')
  for (const torrent of stalled) torrent.give(PIECE / BLOCK / 2)
  await expect.poll(() => memory.peak(), { timeout: 30_000 }).toBeGreaterThan(PIECE)
  for (const each of [viewer, other]) {
    const startedAt = performance.now()
    each.want('urgent')
    each.give(2 * (PIECE / BLOCK))
    await expect.poll(() => each.verified.size, { timeout: 30_000 }).toBe(1)
    console.info(`a viewer beside stalled pieces: ${(performance.now() - startedAt).toFixed()} ms`)
  }
  // All places are taken by viewers whose peers have fallen silent.
  for (const torrent of stalled) torrent.want('urgent')
  const last = await started.open(8, 1)
  await sleep(1_000)
  const startedAt = performance.now()
  last.want('urgent')
  last.give(2 * (PIECE / BLOCK))
  await expect.poll(() => last.verified.size, { timeout: 60_000 }).toBe(1)
  console.info(`a viewer beside stalled viewers: ${(performance.now() - startedAt).toFixed()} ms`)
  expect(memory.peak()).toBeLessThan(MOST_MEMORY)
})

async function startEngine() {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await temporaryFolder())
  const port = await freePort()
  const engine = starting.use(
    startEngineProcess(
      {
        port,
        folders: [folder.path],
        trustedTrackers: [],
        dht: false,
        pex: false,
        lsd: false,
        utp: false,
        webRtc: false,
        nat: false,
        encryption: 'off',
        maxPeers: 10,
      },
      createLog({ level: 'error', format: 'text' }),
    ),
  )
  const engines = () => childrenOf(process.pid, 'engine/child/main.ts')
  await expect.poll(engines, { timeout: 10_000 }).toHaveLength(1)
  const [pid] = engines() as [number]
  const parts = starting.move()
  return {
    pid,
    open: (n: number, pieces: number) => openTorrent(engine, port, folder.path, n, pieces),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function openTorrent(
  engine: Engine,
  port: number,
  folder: string,
  n: number,
  pieces: number,
): Promise<LongTorrent> {
  const info = {
    length: pieces * PIECE,
    name: `Film ${n}.mkv`,
    'piece length': PIECE,
    pieces: Buffer.concat(Array.from({ length: pieces }, () => HASH_OF_ZEROS)),
  }
  const infoHash = createHash('sha1').update(bencode.encode(info)).digest('hex') as InfoHash
  const directory = join(folder, infoHash)
  await mkdir(directory)
  const verified = new Set<number>()
  engine.open({
    infoHash,
    trackers: [],
    directory,
    metainfo: bencode.encode({ info }),
    claimed: () => undefined,
    on: {
      metainfo: () => undefined,
      verified(numbers) {
        for (const piece of numbers) verified.add(piece)
      },
      missing: () => undefined,
      replacing: () => undefined,
      diskFull: () => undefined,
      diskReady: () => undefined,
      stats: () => undefined,
      failed: ({ reason }) => {
        throw new Error(reason)
      },
    },
  })
  const peer = await connectPeer(port, infoHash, `127.0.1.${n + 1}`)
  const asked: Buffer[] = []
  let allowed = 0
  let given = 0
  const answer = () => {
    while (allowed > 0 && asked.length > 0) {
      const request = asked.shift() as Buffer
      const said = Buffer.from(BLOCK_OF_ZEROS)
      said.writeUInt32BE(9 + BLOCK)
      said[4] = 7
      request.copy(said, 5, 1, 9)
      peer.socket.write(said)
      allowed--
      given++
    }
  }
  peer.hear((said) => {
    if (said[0] === REQUEST) asked.push(Buffer.from(said))
    answer()
  })
  peer.send(message(HAVE_ALL))
  peer.send(message(UNCHOKE))
  return {
    infoHash,
    verified,
    want: (priority) => engine.want(infoHash, [{ from: 0, to: pieces - 1, priority }]),
    give(blocks) {
      allowed += blocks
      answer()
    },
    get given() {
      return given
    },
  }
}

function watchMemory(pid: number) {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, anonymousMemoryOf(pid))
  }, 20)
  return {
    peak: () => peak,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
    },
  }
}
