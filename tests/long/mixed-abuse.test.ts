import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Attackers, startAttackers } from '../support/abuse/attackers.ts'
import { OtherLoad } from '../support/abuse/other-load.ts'
import { showFilm } from '../support/abuse/shown-film.ts'
import { type Wait, watch } from '../support/abuse/viewer.ts'
import { openStream } from '../support/http-client.ts'
import { startOtherAddon } from '../support/other-addon.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf, childrenOf, openFilesOf } from '../support/processes.ts'
import { freePort } from '../support/raw-peer.ts'
import { startServerProcess } from '../support/server-process.ts'
import { type Address, startNamingTracker } from '../support/stuck-peers.ts'
import { hasSeeder } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// One round stands for ten minutes of every kind of abuse at once: each attacker does in it, evenly, what it would do
// in that time; `tests/support/abuse` says how much that is. 48 rounds are eight hours, and take ten minutes:
//
//   ABUSE_ROUNDS=48 npx vitest run --project long tests/long/mixed-abuse.test.ts
//
// By default there are 16, as the other long tests want their time too. ABUSE_ONLY=silentPeers,lists leaves out all
// other kinds (none of them with ABUSE_ONLY=none), and ABUSE_LOG names a file for the server's log.
const ROUNDS = Number(process.env.ABUSE_ROUNDS ?? 16)
const ROUND_MS = 12_500

const MIB = 1024 * 1024
/** Films of eight megabits a second, with seeders that send two and a half times as fast. */
const PACE = MIB
const FILM = { bytes: 48 * MIB, pieceLength: MIB / 4, uploadLimit: 2.5 * MIB }
/** Positions in the film; it is watched for a while from each. */
const PLACES = [0, 0.6, 0.3, 0.8, 0.15]
const MS_AT_PLACE = 6_000
/** By address. The last one reads as fast as it can, so that no buffer between hides late bytes. */
const VIEWERS = [
  { from: '127.0.0.11', pace: PACE },
  { from: '127.0.0.12', pace: PACE },
  { from: '127.0.0.13', pace: Number.POSITIVE_INFINITY },
] as const
const LIST_EVERY_MS = 3_000

/** Between any two bytes, seeks included. */
const MOST_GAP_MS = 2_000
/** Including tracker, handshakes and metadata. */
const MOST_START_MS = 5_000
const MOST_LIST_MS = 2_000
/** From the second third to the last, by medians. */
const MOST_GROWTH = { share: 0.1, bytes: 24 * MIB }
/** At the rate of the first round it would be thousands. */
const MOST_LINES_A_MINUTE = 200

const WHOLE_FILM = 'f11f'.repeat(10)
const LISTED = 'ab'.repeat(20)
const MAIN = fileURLToPath(new URL('../support/abuse/main-with-name-servers.ts', import.meta.url))

// Not in CI: this measures seconds, and such a machine may be half as fast or do other things.
test.skipIf(!hasSeeder || process.env.CI === 'true')(
  `in ${ROUNDS} rounds of mixed abuse no viewer waits, memory levels off, and nothing restarts`,
  { timeout: ROUNDS * ROUND_MS + 120_000 },
  async () => {
    await using parts = new AsyncDisposableStack()
    const downloads = parts.use(await temporaryFolder())
    await mkdir(join(downloads.path, WHOLE_FILM))
    await writeFile(join(downloads.path, WHOLE_FILM, 'Film.mkv'), patternBytes(64 * MIB))
    const attackers = parts.use(await startAttackers())
    const honestAddon = parts.use(
      await startOtherAddon({
        onStreams: (_req, res) => {
          res.setHeader('Content-Type', 'application/json')
          res.end(JSON.stringify({ streams: [{ infoHash: LISTED, title: 'Film 1080p' }] }))
        },
      }),
    )
    const peers = new Map<string, readonly Address[]>()
    const tracker = parts.use(await startNamingTracker((infoHash) => peers.get(infoHash) ?? []))
    const torrentPort = await freePort()
    const settings = {
      TORRENT_PORT: String(torrentPort),
      TORRENT_TRACKERS: tracker.url,
      TORRENT_DOWNLOAD_PATH: downloads.path,
      TORRENT_CLEANUP_INTERVAL: '20000',
      UPSTREAM_ADDONS: `${attackers.manifestUrl},${honestAddon.manifestUrl}`,
      NAME_SERVERS: attackers.nameServer,
      // As set by `npm start`.
      NODE_OPTIONS: '--max-semi-space-size=2',
    }
    const server = parts.use(startServerProcess(settings, undefined, MAIN))
    const url = await server.url()
    const main = server.child.pid as number
    const engines = childrenOf(main, 'engine/child/main.ts')
    expect(engines).toHaveLength(1)
    const [engine] = engines as [number]

    using others = new OtherLoad()
    const ending = new AbortController()
    const over = ending.signal
    const waits = VIEWERS.map((): Wait[] => [])
    const viewers = VIEWERS.map(async ({ from, pace }, viewer) => {
      for (let n = 0; !over.aborted; n++) {
        await using film = await showFilm(FILM, attackers, peers, `viewer ${viewer}, film ${n}`)
        // They do not all begin a film at the same time.
        const places = n === 0 ? PLACES.slice(viewer) : PLACES
        const viewing = { from, bytes: film.bytes, pace, places, msAtPlace: MS_AT_PLACE, over }
        await watch({ ...viewing, url: `${url}/stream/proxy/${film.infoHash}` }, others, (wait) =>
          waits[viewer]?.push(wait),
        )
      }
    })
    const lists: Wait[] = []
    const asking = every(LIST_EVERY_MS, over, async (n) => {
      const askedAt = performance.now()
      const list = await openStream(`${url}/stream/movie/tt2${n}.json`, {}, VIEWERS[n % VIEWERS.length]?.from)
      let text = ''
      for await (const part of list) text += String(part)
      const at = performance.now()
      const othersMs = others.within(askedAt, at)
      lists.push({ ms: at - askedAt - othersMs, othersMs, what: 'list', at })
      expect(text, `list ${n}, status ${list.statusCode}`).toContain(LISTED)
    })
    const held: { readonly main: number; readonly engine: number; readonly handles: number }[] = []
    const measuring = every(1_000, over, async () => {
      const handles = openFilesOf(main).length
      held.push({ main: anonymousMemoryOf(main), engine: anonymousMemoryOf(engine), handles })
    })
    const attacking = attack(attackers, { url, torrentPort, wholeFilm: WHOLE_FILM }).finally(() =>
      ending.abort(),
    )
    await Promise.all([attacking, asking, measuring, ...viewers])

    const done = await attackers.done()
    const memory = {
      main: thirds(held.map((one) => one.main)),
      engine: thirds(held.map((one) => one.engine)),
    }
    const lines = server.output().split('\n').length
    const said = {
      done,
      waits: waits.map((own) => ['start', 'seek', 'bytes'].map((what) => worst(own, what))),
      reads: waits.map((own) => own.length),
      lists: [lists.length, worst(lists, 'list')],
      shareOfOthers: Number(others.share.toFixed(2)),
      mostMiB: [held.map((one) => one.main), held.map((one) => one.engine)].map((one) =>
        inMiB(Math.max(...one)),
      ),
      memory: { main: memory.main.map(inMiB), engine: memory.engine.map(inMiB) },
      mostHandles: Math.max(...held.map((one) => one.handles)),
      everyHalfMinute: held
        .filter((_, second) => second % 30 === 29)
        .map((one) => [inMiB(one.main), inMiB(one.engine), one.handles].join(' ')),
      lines,
    }
    const figures = JSON.stringify(said)
    console.info(figures)
    if (process.env.ABUSE_LOG) await writeFile(process.env.ABUSE_LOG, server.output())

    for (const own of waits) {
      expect(own.filter(({ what }) => what === 'seek').length).toBeGreaterThan(ROUNDS / 2)
      expect(own.length).toBeGreaterThan((ROUNDS * ROUND_MS) / 1_000)
      for (const wait of own) {
        expect(wait.ms, `${worst([wait], wait.what)} of ${figures}`).toBeLessThan(
          wait.what === 'start' ? MOST_START_MS : MOST_GAP_MS,
        )
      }
    }
    expect(lists.length).toBeGreaterThan(ROUNDS)
    for (const list of lists) expect(list.ms, figures).toBeLessThan(MOST_LIST_MS)
    for (const [, middle = 0, last = 0] of Object.values(memory)) {
      expect(last, figures).toBeLessThan(middle * (1 + MOST_GROWTH.share) + MOST_GROWTH.bytes)
    }
    expect(server.child.exitCode).toBe(null)
    expect(childrenOf(main, 'engine/child/main.ts')).toEqual([engine])
    expect(lines, figures).toBeLessThan(MOST_LINES_A_MINUTE * Math.ceil((ROUNDS * ROUND_MS) / 60_000))
    expect(server.output()).not.toMatch(/MaxListenersExceeded|EMFILE|^error:/m)
    if (process.env.ABUSE_ONLY === undefined) expectAllDone(done)
  },
)

type Target = Parameters<Attackers['round']>[0]['target']

async function attack(attackers: Attackers, target: Target): Promise<void> {
  const begunAt = performance.now()
  for (let number = 0; number < ROUNDS; number++) {
    await attackers.round({ number, ms: ROUND_MS, target })
    await sleep(Math.max(0, begunAt + (number + 1) * ROUND_MS - performance.now()))
  }
}

/** No attack was refused so early that it had no effect. */
function expectAllDone(done: Awaited<ReturnType<Attackers['done']>>): void {
  const least: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    silentPeers: { met: 10, came: 5, refused: 10 },
    pipelining: { connections: 4, takenMiB: 0.25 },
    deadTrackers: { links: 8, namesAsked: 5 },
    idleReaders: { opened: 200 },
    lists: { answered: 50 },
    logFlood: { requests: 250, peers: 5, handshakes: 10 },
  }
  for (const [kind, counts] of Object.entries(least)) {
    for (const [what, perRound] of Object.entries(counts)) {
      expect(done[kind]?.[what], `${kind}: ${what}`).toBeGreaterThanOrEqual(perRound * ROUNDS)
    }
  }
}

async function every(ms: number, over: AbortSignal, work: (n: number) => Promise<void>): Promise<void> {
  for (let n = 0; !over.aborted; n++) {
    const dueAt = performance.now() + ms
    await work(n)
    await sleep(Math.max(0, dueAt - performance.now()), undefined, { signal: over }).catch(() => undefined)
  }
}

/** The longest wait of a kind, as text. */
function worst(waits: readonly Wait[], kind: string): string {
  const [longest] = waits.filter(({ what }) => what === kind).sort((a, b) => b.ms - a.ms)
  if (!longest) return `${kind}: none`
  const [ms, others, at] = [longest.ms, longest.othersMs, longest.at].map(Math.round)
  return `${kind}: ${ms} ms (and ${others} ms that others had the processors) at ${at}`
}

/** Medians of three thirds. */
function thirds(values: readonly number[]): number[] {
  const length = Math.ceil(values.length / 3)
  return [0, 1, 2].map((n) => {
    const sorted = values.slice(n * length, (n + 1) * length).sort((a, b) => a - b)
    return sorted[Math.floor(sorted.length / 2)] ?? 0
  })
}

function inMiB(bytes: number): number {
  return Math.round(bytes / MIB)
}
