import { mkdir, mkdtemp, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createLibraryCatalog } from '../../src/library/library-catalog.ts'
import { openMediaFolders } from '../../src/library/media-folders.ts'
import { createTitles } from '../../src/library/titles.ts'
import { createLog } from '../../src/observe/log.ts'
import { createLibrarySource } from '../../src/sources/library.ts'

/** How long a library of 20 000 files takes: `node tests/bench/library.ts`. */
const FILMS = 10_000
const EPISODES = 10_000

const log = createLog({ level: 'error', format: 'text' })
const root = await mkdtemp(join(tmpdir(), 'self-streme-library-'))
try {
  await putFiles()
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const cpu = process.cpuUsage()
  await using media = openMediaFolders({ paths: [root], leftOut: '' }, log)
  await timed('folder looked at', () => media.loaded)
  console.log(`  CPU ${Math.round(process.cpuUsage(cpu).user / 1000)} ms`)
  console.log(`  event loop delay: p99 ${delay.percentile(99) / 1e6} ms, longest ${delay.max / 1e6} ms`)

  const titles = createTitles(root, {
    torrents: { version: 0, entries: () => [] },
    placed: { version: 0, videos: () => [] },
    media,
    films: { films: async () => [] },
  })
  const catalog = createLibraryCatalog(titles)
  const film = { name: 'Film of 77', aliases: [], year: yearOf(77), episodes: new Map() }
  const source = createLibrarySource({ titleMs: 1_000 }, titles, { find: async () => film }, log)
  const never = new AbortController().signal
  await timed('first index', () => titles.has('movie'))
  for (const each of ['first', 'next']) {
    await timed(`${each} catalogue of films`, () => catalog.list('movie'))
    await timed(`${each} catalogue of series`, () => catalog.list('series'))
    await timed(`${each} film by title`, () => source.find({ kind: 'movie', id: 'tt1234567' }, never))
  }
} finally {
  await rm(root, { recursive: true })
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const began = performance.now()
  await work()
  console.log(`${what}: ${(performance.now() - began).toFixed(2)} ms`)
}

async function putFiles(): Promise<void> {
  const films = Array.from({ length: FILMS }, (_, n) => {
    return `Films/The Film of ${n} (${yearOf(n)})/The.Film.of.${n}.${yearOf(n)}.1080p.BluRay.x264-GRP.mkv`
  })
  const episodes = Array.from({ length: EPISODES }, (_, n) => {
    const [show, season, episode] = [n % 200, (Math.floor(n / 200) % 5) + 1, Math.floor(n / 1000) + 10]
    return `Shows/Show ${show}/Season ${season}/Show.${show}.S0${season}E${episode}.720p.WEB-DL-GRP.mkv`
  })
  for (const path of [...films, ...episodes].map((each) => join(root, each))) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, '')
    await truncate(path, 1024 * 1024)
    await utimes(path, 1_700_000_000, 1_700_000_000)
  }
}

function yearOf(n: number): number {
  return 1950 + (n % 70)
}
