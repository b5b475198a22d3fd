import { setTimeout as sleep } from 'node:timers/promises'
import { type Candidate, type Found, unnamedFileOf } from '../domain/list/candidate.ts'
import { isImdbId, type VideoId } from '../domain/video-id.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'
import { assertOk } from './assert-ok.ts'
import { cachedValue } from './cached-value.ts'
import type { LinkedTorrent } from './linked-torrent.ts'
import type { Metadata } from './metadata.ts'
import type { About, ReadAs } from './reading/readings.ts'
import type { RemoteServer } from './remote-server.ts'
import type { DroppedRow, Source } from './source.ts'
import type { TorrentLinks } from './torrent-links.ts'
import { type Query, queriesById, queriesByTitle } from './torznab-query.ts'
import type { TorznabRow, WantedRows } from './torznab-rows.ts'
import type { TorznabCaps } from './torznab-xml.ts'

export interface TorznabOptions {
  readonly name: string
  /** of its API; its query is sent along */
  readonly url: string
  readonly apiKey?: string | undefined
}

/** A row takes two or three kilobytes, so this is about 800 rows; 100 are requested. */
const LIMITS = { timeoutMs: 25_000, maxBytes: 2 * 1024 * 1024 }
const CAPS_FRESH_MS = 6 * 3_600_000
const ANSWER_LIMIT = '100'
/** How long results by id wait for the title. */
const TITLE_MS = 2_000

interface Asking {
  readonly signal: AbortSignal
  drop(row: DroppedRow): void
}

/**
 * An indexer, asked by IMDb id if it supports that, else by name.
 *
 * @param metadata - provides names; absent = indexers without ids are not asked
 * @see https://torznab.github.io/spec-1.3-draft/torznab/Specification-v1.3.html
 */
export function createTorznab(
  options: TorznabOptions,
  server: RemoteServer,
  links: TorrentLinks,
  metadata: Metadata | undefined,
): Source {
  const caps = cachedValue(loadCaps, () => CAPS_FRESH_MS)

  async function loadCaps(): Promise<TorznabCaps> {
    return ask('caps', () => undefined, { t: 'caps' }, new AbortController().signal)
  }

  /** @param about - called when the answer is there */
  async function ask<R extends 'caps' | 'rows'>(
    reading: R,
    about: () => About<R> | Promise<About<R>>,
    query: Query,
    signal: AbortSignal,
  ): Promise<ReadAs<R>> {
    const url = new URL(options.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (options.apiKey) url.searchParams.set('apikey', options.apiKey)
    return server.ask(url.href, LIMITS, signal, async (answer, read) => {
      // An error document may have any status, and says more than the status.
      if (!/<error\b/i.test(answer.body.toString('latin1', 0, 1_000))) assertOk(answer)
      return read(reading, await about())
    })
  }

  /** The results of all queries; fails if every query fails. */
  async function askAll(
    queries: readonly Query[],
    wanted: () => Promise<WantedRows>,
    { signal, drop }: Asking,
  ): Promise<readonly TorznabRow[]> {
    const answers = await Promise.allSettled(
      queries.map((query) => ask('rows', wanted, { ...query, extended: '1', limit: ANSWER_LIMIT }, signal)),
    )
    const [failed] = answers.filter((answer) => answer.status === 'rejected')
    if (failed && answers.every(({ status }) => status === 'rejected')) throw failed.reason
    const read = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    for (const row of read.flatMap(({ dropped }) => dropped)) drop(row)
    return read.flatMap(({ rows }) => rows)
  }

  async function findRows(video: VideoId, asking: Asking): Promise<readonly TorznabRow[]> {
    const known = await untilAborted(caps(), asking.signal)
    const titled = metadata?.find(video, asking.signal)
    // If the title is late, results by id are judged without it.
    const titleInTime = Promise.race([titled, sleep(TITLE_MS, undefined, { ref: false })]).catch(
      () => undefined,
    )
    const byId = async () => ({ video, askedBy: 'id' as const, title: await titleInTime })
    const found = await askAll(queriesById(known, video), byId, asking)
    if (found.length > 0) return found
    const title = await titled
    if (!title) return []
    const byName = async () => ({ video, askedBy: 'name' as const, title })
    for (const queries of queriesByTitle(known, video, title)) {
      const named = await askAll(queries, byName, asking)
      if (named.length > 0) return named
    }
    return []
  }

  return {
    name: options.name,
    kind: 'indexer',
    knows: ({ id }) => isImdbId(id),
    async find(video, signal, { drop = () => undefined } = { onlyKnown: false }) {
      if (!isImdbId(video.id)) return []
      const rows = await findRows(video, { signal, drop })
      const unknown = rows
        .filter(({ torrent }) => !torrent)
        .sort((a, b) => (b.seeders ?? 0) - (a.seeders ?? 0))
        .flatMap(({ link }) => link ?? [])
      const linked = await links.resolve([...new Set(unknown)], signal)
      return rows.flatMap((row): Found[] => {
        const torrent = row.torrent ?? linked.get(row.link ?? '')
        return torrent ? [candidateOf(row, torrent, video)] : []
      })
    },
  }
}

function candidateOf(row: TorznabRow, torrent: LinkedTorrent, video: VideoId): Candidate {
  const { infoHash, trackers, files } = torrent
  return withoutUndefined({
    kind: 'torrent' as const,
    infoHash,
    title: row.title,
    releaseName: row.title,
    trackers,
    size: row.size === undefined ? undefined : { bytes: row.size, of: 'torrent' as const, exact: true },
    seeders: row.seeders,
    files,
    file: unnamedFileOf(video),
  })
}
