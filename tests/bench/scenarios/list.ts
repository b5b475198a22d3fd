import { setTimeout as sleep } from 'node:timers/promises'
import { startOtherAddon } from '../../support/other-addon.ts'
import { startSelfStreme } from '../contestants/self-streme.ts'
import { percentile } from '../measure/statistics.ts'
import type { Figures, Scenario } from '../scenario.ts'

const RELEASES = 300
const SOURCE_TIMEOUT_MS = 1_000
const SLOW_MS = 20_000
const KEPT_LISTS = 200
/** A source that hangs gets only a limited number of requests at once. */
const COLD_LISTS = 12
const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'

export const list: Scenario = {
  about: `a list of ${RELEASES} torrents, while one source hangs and another is slow (SOURCE_TIMEOUT ${SOURCE_TIMEOUT_MS})`,
  async prepare() {
    const stage = new AsyncDisposableStack()
    const quick = stage.use(
      await startOtherAddon({
        onStreams: (req, res) => void res.end(JSON.stringify({ streams: releases(req.url) })),
      }),
    )
    const hanging = stage.use(await startOtherAddon({ onStreams: () => undefined }))
    const slow = stage.use(
      await startOtherAddon({
        async onStreams(_req, res) {
          await sleep(SLOW_MS, undefined, { ref: false })
          res.end(JSON.stringify({ streams: [] }))
        },
      }),
    )
    const settings = {
      UPSTREAM_ADDONS: [quick, hanging, slow].map(({ manifestUrl }) => manifestUrl).join(' '),
      METADATA_URL: '',
      SOURCE_TIMEOUT: String(SOURCE_TIMEOUT_MS),
    }
    const measured = (ask: (url: string) => Promise<Figures>) => async () => {
      await using server = await startSelfStreme({ trackerUrl: '', settings })
      return await ask(server.url)
    }
    return {
      cases: [
        { name: 'the first lists of a new server', contestants: ['self-streme'], measure: measured(cold) },
        { name: 'lists that are asked for again', contestants: ['self-streme'], measure: measured(kept) },
      ],
      [Symbol.asyncDispose]: () => stage.disposeAsync(),
    }
  },
}

async function cold(url: string): Promise<Figures> {
  const lists: TimedList[] = []
  for (let n = 1; n <= COLD_LISTS; n++) lists.push(await timed(url, `tt${n}`))
  const times = lists.map(({ ms }) => ms)
  return {
    'p50 beyond SOURCE_TIMEOUT, ms': percentile(times, 50) - SOURCE_TIMEOUT_MS,
    'p95 beyond SOURCE_TIMEOUT, ms': percentile(times, 95) - SOURCE_TIMEOUT_MS,
    'without the quick source': lists.filter(({ streams }) => streams === 0).length,
  }
}

async function kept(url: string): Promise<Figures> {
  // On a busy machine even the fast one may be late at first.
  while ((await timed(url, 'tt1')).streams === 0) await sleep(100)
  const times: number[] = []
  for (let n = 0; n < KEPT_LISTS; n++) {
    const { ms, streams } = await timed(url, 'tt1')
    if (streams !== RELEASES) throw new Error(`${streams} streams instead of ${RELEASES}`)
    times.push(ms)
  }
  return { 'p50, ms': percentile(times, 50), 'p95, ms': percentile(times, 95) }
}

interface TimedList {
  readonly ms: number
  readonly streams: number
}

async function timed(url: string, id: string): Promise<TimedList> {
  const began = performance.now()
  const answer = await fetch(`${url}/stream/movie/${id}.json`, { headers: { 'User-Agent': IPHONE } })
  const { streams } = (await answer.json()) as { streams: unknown[] }
  return { ms: performance.now() - began, streams: streams.length }
}

function releases(path = ''): object[] {
  const film = /tt\d+/.exec(path)?.[0]
  return Array.from({ length: RELEASES }, (_, n) => ({
    infoHash: n.toString(16).padStart(40, '0'),
    title: `The.Film.Of.${film}.2020.${['2160p', '1080p', '720p'][n % 3]}.WEB-DL.DDP5.1.H.264-GROUP${n}\n👤 ${n} 💾 ${n}.5 GB`,
  }))
}
