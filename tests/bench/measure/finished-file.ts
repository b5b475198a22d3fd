import { createHash } from 'node:crypto'
import { getRange } from '../../support/http-client.ts'
import type { Figures } from '../scenario.ts'
import type { Film } from '../swarm/film.ts'
import type { Load, LoadReport } from './load-generator.ts'
import { openFilm } from './open-film.ts'
import { startProcess } from './own-process.ts'
import { percentile } from './statistics.ts'

const GENERATOR = new URL('load-generator.ts', import.meta.url)
const RANGE_BYTES = 65_536
const CHECKED_RANGES = 100
const STREAM_TIMES = 8

/** How fast a complete file is served; first, unmeasured, whether it is served correctly. */
export async function measureFinishedFile(url: string, film: Film): Promise<Figures> {
  await checkBytes(url, film)
  const each = { url, fileBytes: film.bytes.length }
  const ranges = { ...each, kind: 'ranges', rangeBytes: RANGE_BYTES } as const
  const stream = await generateLoad({ ...each, kind: 'stream', times: STREAM_TIMES })
  const many = await generateLoad({ ...ranges, connections: 16, seconds: 5 })
  const single = await generateLoad({ ...ranges, connections: 1, seconds: 3 })
  return {
    'one stream, GB/s': stream.bytes / 1e9 / stream.seconds,
    '64 KiB ranges over 16 connections, answers/s': many.latenciesMs.length / many.seconds,
    '64 KiB ranges over 16 connections, p99, ms': percentile(many.latenciesMs, 99),
    '64 KiB ranges one by one, p99, ms': percentile(single.latenciesMs, 99),
  }
}

async function checkBytes(url: string, film: Film): Promise<void> {
  const hash = createHash('sha256')
  for await (const part of await openFilm(url)) hash.update(part as Buffer)
  if (hash.digest('hex') !== film.sha256) throw new Error(`${url} is not the film`)
  for (let n = 0; n < CHECKED_RANGES; n++) {
    const start = Math.floor(Math.random() * (film.bytes.length - RANGE_BYTES))
    const end = start + RANGE_BYTES
    const got = await getRange(url, start, end - 1)
    if (!got.equals(film.bytes.subarray(start, end))) throw new Error(`${url} sent wrong bytes at ${start}`)
  }
}

async function generateLoad(load: Load): Promise<LoadReport> {
  await using generator = startProcess(process.execPath, [GENERATOR, JSON.stringify(load)])
  return JSON.parse(await generator.nextLine(/^\{/)) as LoadReport
}
