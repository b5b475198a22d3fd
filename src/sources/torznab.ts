import { type Candidate, type Found, wishOf } from '../domain/candidate.ts'
import { untilAborted } from '../domain/until-aborted.ts'
import { isImdbId, type VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import { assertOk } from './assert-ok.ts'
import type { LinkedTorrent } from './linked-torrent.ts'
import type { Metadata } from './metadata.ts'
import type { About, ReadAs } from './reading/readings.ts'
import { remember } from './remember.ts'
import type { RemoteServer } from './remote-server.ts'
import type { Source } from './source.ts'
import type { TorrentLinks } from './torrent-links.ts'
import { type Query, queriesById, queriesByTitle } from './torznab-query.ts'
import type { TorznabRow, WantedRows } from './torznab-rows.ts'
import type { TorznabCaps } from './torznab-xml.ts'

export interface TorznabOptions {
  readonly name: string
  /** of its API; a query in it is sent along */
  readonly url: string
  readonly apiKey?: string | undefined
}

/** A row takes two or three kilobytes, so that these are about 800; 100 are asked for. */
const LIMITS = { timeoutMs: 25_000, maxBytes: 2 * 1024 * 1024 }
const CAPS_FRESH_MS = 6 * 3_600_000
const ANSWER_LIMIT = '100'

/**
 * An indexer, asked by IMDb id where it knows those, and by name otherwise.
 *
 * @param metadata - knows names; absent = indexers that know no ids are not asked
 * @see https://torznab.github.io/spec-1.3-draft/torznab/Specification-v1.3.html
 */
export function createTorznab(
  options: TorznabOptions,
  server: RemoteServer,
  links: TorrentLinks,
  metadata: Metadata | undefined,
): Source {
  const caps = remember(loadCaps, () => CAPS_FRESH_MS)

  async function loadCaps(): Promise<TorznabCaps> {
    return ask('caps', undefined, { t: 'caps' }, new AbortController().signal)
  }

  async function ask<R extends 'caps' | 'rows'>(
    reading: R,
    about: About<R>,
    query: Query,
    signal: AbortSignal,
  ): Promise<ReadAs<R>> {
    const url = new URL(options.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (options.apiKey) url.searchParams.set('apikey', options.apiKey)
    return server.ask(url.href, LIMITS, signal, (answer, read) => {
      // An error comes with any status, and says more than it.
      if (!/<error\b/i.test(answer.body.toString('latin1', 0, 1_000))) assertOk(answer)
      return read(reading, about)
    })
  }

  /** What any of the queries finds, unless none is answered with any row at all; fails if all do. */
  async function askAll(
    queries: readonly Query[],
    wanted: WantedRows,
    signal: AbortSignal,
  ): Promise<readonly TorznabRow[] | undefined> {
    const answers = await Promise.allSettled(
      queries.map((query) => ask('rows', wanted, { ...query, extended: '1', limit: ANSWER_LIMIT }, signal)),
    )
    const [failed] = answers.filter((answer) => answer.status === 'rejected')
    if (failed && answers.every(({ status }) => status === 'rejected')) throw failed.reason
    const read = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    return read.some(({ items }) => items > 0) ? read.flatMap(({ rows }) => rows) : undefined
  }

  async function findRows(video: VideoId, signal: AbortSignal): Promise<readonly TorznabRow[]> {
    const known = await untilAborted(caps(), signal)
    const byId = await askAll(queriesById(known, video), { video }, signal)
    if (byId) return byId
    const title = await metadata?.find(video, signal)
    if (!title) return []
    return (await askAll(queriesByTitle(known, video, title), { video, title }, signal)) ?? []
  }

  return {
    name: options.name,
    kind: 'indexer',
    knows: ({ id }) => isImdbId(id),
    async find(video, signal) {
      if (!isImdbId(video.id)) return []
      const rows = await findRows(video, signal)
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
    torrentBytes: row.size,
    seeders: row.seeders,
    files,
    wish: wishOf(video),
  })
}
