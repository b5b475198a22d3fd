/**
 * `node library-process.ts folder title year`: scans a media folder as `MEDIA_PATH` does, and asks for its content and
 * for the film of that title, for the first time and again. Prints the figures as a line of JSON.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createLibraryCatalog } from '../../../src/library/library-catalog.ts'
import { openMediaFolders } from '../../../src/library/media-folders.ts'
import { createTitles } from '../../../src/library/titles.ts'
import { createLog } from '../../../src/observe/log.ts'
import { createLibrarySource } from '../../../src/sources/library.ts'

const log = createLog({ level: 'error', format: 'text' })
const [root = '', name = '', year = ''] = process.argv.slice(2)

process.stdout.write(`${JSON.stringify(await measure())}\n`)
process.exit()

async function measure(): Promise<Record<string, number>> {
  const figures: Record<string, number> = {}
  const timed = async (what: string, work: () => Promise<unknown>) => {
    const beganAt = performance.now()
    await work()
    figures[`${what}, ms`] = performance.now() - beganAt
  }
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const cpu = process.cpuUsage()
  await using media = openMediaFolders({ paths: [root], leftOut: '' }, log)
  await timed('folder looked at', () => media.loaded)
  figures['CPU for that, ms'] = process.cpuUsage(cpu).user / 1_000
  figures['event loop p99 meanwhile, ms'] = delay.percentile(99) / 1e6
  figures['event loop longest, ms'] = delay.max / 1e6

  const titles = createTitles(root, {
    torrents: { version: 0, entries: () => [] },
    placed: { version: 0, videos: () => [] },
    media,
    films: { films: async () => [] },
  })
  const catalog = createLibraryCatalog(titles)
  const film = { name, year: Number(year), aliases: [], episodes: new Map() }
  const source = createLibrarySource({ titleMs: 1_000 }, titles, { find: async () => film }, log)
  const never = new AbortController().signal
  await timed('first index', () => titles.has('movie'))
  for (const each of ['first', 'next']) {
    await timed(`${each} catalogue of films`, () => catalog.list('movie'))
    await timed(`${each} catalogue of series`, () => catalog.list('series'))
    await timed(`${each} film by title`, async () => {
      const found = await source.find({ kind: 'movie', id: 'tt1234567' }, never)
      if (found.length === 0) throw new Error('the film was not found')
    })
  }
  return figures
}
