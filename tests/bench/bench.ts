/**
 * `npm run bench`: this server beside webtorrent's own, on the same swarm of libtorrent seeders, in turns. Prints the
 * median of the rounds, and how often better or worse we are. Every whole film is compared with the source.
 */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStream, readBytes } from '../support/http-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type Contestant, contestants } from './contestants.ts'

const MIB = 1024 * 1024
const ROUNDS = Number(process.env.ROUNDS ?? 3)
const FILM_BYTES = 256 * MIB
const SEEKS = 12
const SEEDERS = Number(process.env.SEEDERS ?? 3)

type Figures = Readonly<Record<string, number>>
type Name = keyof typeof contestants

await using folder = await temporaryFolder()
const path = join(folder.path, 'Film.mkv')
const film = patternBytes(FILM_BYTES)
const digest = createHash('sha256').update(film).digest('hex')
await writeFile(path, film)

const names = Object.keys(contestants) as Name[]
const rounds: Record<Name, Figures[]> = { 'self-streme': [], webtorrent: [] }
for (let round = 1; round <= ROUNDS; round++) {
  for (const name of round % 2 === 1 ? names : names.toReversed()) {
    const figures = { ...(await measureWhole(name)), ...(await measureSeeks(name)) }
    rounds[name].push(figures)
    process.stderr.write(`round ${round}, ${name}: ${JSON.stringify(figures)}\n`)
  }
}

const [first] = rounds['self-streme']
console.log(`\n| median of ${ROUNDS} rounds | self-streme | webtorrent | ratio |\n|---|---:|---:|---:|`)
for (const figure of Object.keys(first ?? {})) {
  const [ours, theirs] = names.map((name) =>
    median(rounds[name].map((figures) => figures[figure] ?? Number.NaN)),
  )
  console.log(
    `| ${figure} | ${ours?.toFixed(1)} | ${theirs?.toFixed(1)} | ${((ours ?? 0) / (theirs ?? 1)).toFixed(2)} |`,
  )
}

/** Cold start and a whole film, as fast as it goes. */
async function measureWhole(name: Name): Promise<Figures> {
  await using swarm = await startSeeders()
  await using contestant = await contestants[name](swarm)
  const startedAt = performance.now()
  const cpuBefore = contestant.cpuSeconds()
  const answer = await fetch(await contestant.open())
  const hash = createHash('sha256')
  let firstByteMs = 0
  let bytes = 0
  for await (const part of answer.body ?? []) {
    firstByteMs ||= performance.now() - startedAt
    hash.update(part)
    bytes += part.length
  }
  const seconds = (performance.now() - startedAt) / 1000
  if (hash.digest('hex') !== digest) throw new Error(`${name} sent wrong bytes`)
  const cpu = contestant.cpuSeconds() - cpuBefore
  return {
    'cold first byte, ms': firstByteMs,
    'whole film, MB/s': bytes / 1e6 / seconds,
    'CPU s per GiB': cpu / (bytes / MIB / 1024),
  }
}

/** Seeks in a film that comes at 8 MB/s: time from the request to the first 64 KiB. */
async function measureSeeks(name: Name): Promise<Figures> {
  await using swarm = await startSeeders(8_000_000)
  await using contestant: Contestant = await contestants[name](swarm)
  const url = await contestant.open()
  const times: number[] = []
  for (let n = 0; n < SEEKS; n++) {
    // The same places for everybody, none near another.
    const start = n === 0 ? 0 : Math.floor((((n * 7) % SEEKS) + 0.5) * (FILM_BYTES / SEEKS))
    const askedAt = performance.now()
    const stream = await openStream(url, { Range: `bytes=${start}-` })
    const got = await readBytes(stream, 65_536)
    if (n > 0) times.push(performance.now() - askedAt)
    if (!got.equals(film.subarray(start, start + 65_536)))
      throw new Error(`${name} sent wrong bytes at ${start}`)
    // A player reads on for a moment before the viewer seeks again.
    await readBytes(stream, 2 * MIB)
    stream.destroy()
  }
  times.sort((a, b) => a - b)
  return {
    'seek p50, ms': median(times),
    'seek p95, ms': times[Math.ceil(times.length * 0.95) - 1] ?? Number.NaN,
  }
}

/** A swarm of several seeders that give so many bytes a second together. */
async function startSeeders(uploadLimit = 0): Promise<Swarm> {
  const each = { path, pieceLength: MIB, uploadLimit: Math.floor(uploadLimit / SEEDERS) }
  const first = await startSwarm(each)
  const others = await Promise.all(
    Array.from({ length: SEEDERS - 1 }, () => startSwarm({ ...each, trackerUrl: first.trackerUrl })),
  )
  // Those that share a tracker are not waited for one by one.
  await new Promise((done) => setTimeout(done, 500))
  return {
    ...first,
    async [Symbol.asyncDispose]() {
      for (const swarm of [...others, first]) await swarm[Symbol.asyncDispose]()
    },
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
