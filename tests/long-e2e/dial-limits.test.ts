import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { OtherLoad } from '../support/abuse/other-load.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { type Address, startNamingTracker } from '../support/stuck-peers.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const TORRENTS = 24
/** More than are dialled in the time of this test. */
const PEERS_OF_EACH = 60
const DIALS_PER_SECOND = 50
/** Begun at once: 100, and some for each torrent that is opened. */
const BURST = 200
const MAX_IN_PROGRESS = 100
/** Closed connections that are noticed here only after the next ones. */
const NOTICED_LATE = 20
const MAX_FIRST_MS = 6_000

/** Peers that accept connections and say nothing, so that each connection is a dial in progress. */
class MutePeers implements AsyncDisposable {
  /** when each connection came, ms */
  readonly dialledAt: number[] = []
  mostOpen = 0
  #open = 0
  readonly #stack = new AsyncDisposableStack()

  /** @returns addresses of more of them, and how often they were dialled */
  async add(
    count: number,
  ): Promise<{ readonly addresses: readonly Address[]; readonly dials: () => number }> {
    const addresses: Address[] = []
    let dials = 0
    for (let n = 0; n < count; n++) {
      const server = createServer((socket) => {
        dials++
        this.dialledAt.push(performance.now())
        this.mostOpen = Math.max(this.mostOpen, ++this.#open)
        socket.on('error', () => undefined).on('close', () => this.#open--)
        // Without reading, the end of the connection is not noticed.
        socket.resume()
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      this.#stack.defer(() => void server.close())
      addresses.push({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    }
    return { addresses, dials: () => dials }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

test.skipIf(!hasSeeder)(
  '24 torrents that find no peers share 50 dials a second, and leave a viewer’s torrent its start',
  async () => {
    await using opened = new AsyncDisposableStack()
    const film = opened.use(await seedFilm(patternBytes(8 * MIB), {}))
    const mute = opened.use(new MutePeers())
    const torrents = new Map<string, Awaited<ReturnType<MutePeers['add']>>>()
    for (let n = 0; n < TORRENTS; n++)
      torrents.set(randomBytes(20).toString('hex'), await mute.add(PEERS_OF_EACH))
    const tracker = opened.use(
      await startNamingTracker((infoHash) => torrents.get(infoHash)?.addresses ?? []),
    )
    const trackers = [tracker.url, film.settings.TORRENT_TRACKERS].join(',')
    const app = opened.use(await startTestApp({ ...film.settings, TORRENT_TRACKERS: trackers }))

    const beganAt = performance.now()
    // A client may only wait for a few torrents at a time, so each viewer has an address of their own.
    for (const [n, infoHash] of [...torrents.keys()].entries())
      void openStream(`${app.url}/stream/proxy/${infoHash}`, {}, `127.0.1.${n + 1}`).catch(() => undefined)
    // By then, none of them is new, and each has had its turn.
    await expect.poll(() => mute.dialledAt.length).toBeGreaterThan(16 * TORRENTS)
    const counts = [...torrents.values()].map(({ dials }) => dials())
    const seconds = (performance.now() - beganAt) / 1_000
    expect(mute.dialledAt.length).toBeLessThanOrEqual(BURST + DIALS_PER_SECOND * seconds)
    expect(mute.mostOpen).toBeLessThanOrEqual(MAX_IN_PROGRESS + NOTICED_LATE)
    // Without limits, all of them would be dialled in the first moment.
    expect(mute.dialledAt.length).toBeLessThan(TORRENTS * PEERS_OF_EACH)
    const mean = mute.dialledAt.length / TORRENTS
    expect(Math.min(...counts)).toBeGreaterThan(mean / 2)

    using load = new OtherLoad()
    const askedAt = performance.now()
    const stream = await openStream(`${app.url}/stream/proxy/${film.infoHash}`)
    const first = await readBytes(stream, MIB)
    const firstAt = performance.now()
    stream.destroy()
    expectSameBytes(first, film.bytes.subarray(0, MIB))
    const ms = Math.round(firstAt - askedAt)
    console.info(`first MiB beside ${TORRENTS} torrents without peers: ${ms} ms`)
    expect(ms - load.within(askedAt, firstAt)).toBeLessThan(MAX_FIRST_MS)
  },
)
