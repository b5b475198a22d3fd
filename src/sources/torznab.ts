import { type Candidate, type Found, wishOf } from '../domain/candidate.ts'
import { parseInfoHash } from '../domain/info-hash.ts'
import { parseMagnet } from '../domain/magnet.ts'
import { allowedTrackers } from '../domain/tracker-url.ts'
import { untilAborted } from '../domain/until-aborted.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import type { Log } from '../observe/log.ts'
import type { GuardedFetch } from './guarded-fetch.ts'
import type { Metadata } from './metadata.ts'
import { assertOk } from './read-json.ts'
import { remember } from './remember.ts'
import type { Source } from './source.ts'
import { createTorrentLinks, type LinkedTorrent } from './torrent-links.ts'
import { type Query, queriesById, queriesByTitle } from './torznab-query.ts'
import { isNamed, mayHoldEpisode } from './torznab-relevance.ts'
import { parseCaps, parseItems, type TorznabCaps, type TorznabItem } from './torznab-xml.ts'

export interface TorznabOptions {
  readonly name: string
  /** of its API; a query in it is sent along */
  readonly url: string
  readonly apiKey?: string | undefined
}

const LIMITS = { timeoutMs: 25_000, maxBytes: 4 * 1024 * 1024 }
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
  fetcher: GuardedFetch,
  metadata: Metadata | undefined,
  log: Log,
): Source {
  const caps = remember(loadCaps, () => CAPS_FRESH_MS)
  const links = createTorrentLinks(fetcher, log)

  async function loadCaps(): Promise<TorznabCaps> {
    return parseCaps(await ask({ t: 'caps' }, new AbortController().signal))
  }

  async function ask(query: Query, signal: AbortSignal): Promise<string> {
    const url = new URL(options.url)
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    if (options.apiKey) url.searchParams.set('apikey', options.apiKey)
    const answer = await fetcher.get(url.href, LIMITS, signal)
    const xml = answer.body.toString('utf8')
    // An error comes with any status, and says more than it.
    if (!/<error\b/i.test(xml.slice(0, 1_000))) assertOk(answer)
    return xml
  }

  /** What any of the queries finds; fails if all do. */
  async function askAll(queries: readonly Query[], signal: AbortSignal): Promise<TorznabItem[]> {
    const answers = await Promise.allSettled(
      queries.map(async (query) =>
        parseItems(await ask({ ...query, extended: '1', limit: ANSWER_LIMIT }, signal)),
      ),
    )
    const [failed] = answers.filter((answer) => answer.status === 'rejected')
    if (failed && answers.every(({ status }) => status === 'rejected')) throw failed.reason
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  }

  async function findItems(video: VideoId, signal: AbortSignal): Promise<TorznabItem[]> {
    const known = await untilAborted(caps(), signal)
    const byId = await askAll(queriesById(known, video), signal)
    if (byId.length > 0) return byId
    const title = await metadata?.find(video, signal)
    if (!title) return []
    const byTitle = await askAll(queriesByTitle(known, video, title), signal)
    return byTitle.filter((item) => isNamed(item.title, video, title))
  }

  return {
    name: options.name,
    kind: 'indexer',
    async find(video, signal) {
      if (!/^tt\d+$/.test(video.id)) return []
      const items = (await findItems(video, signal)).filter(({ title }) => mayHoldEpisode(title, video))
      const unknown = items
        .filter((item) => !torrentOf(item))
        .sort((a, b) => (b.seeders ?? 0) - (a.seeders ?? 0))
        .flatMap((item) => item.links.slice(0, 1))
      const linked = await links.resolve([...new Set(unknown)], signal)
      return items.flatMap((item): Found[] => {
        const torrent = torrentOf(item) ?? linked.get(item.links[0] ?? '')
        return torrent ? [candidateOf(item, torrent, video)] : []
      })
    },
  }
}

/** The torrent of a row that says which it is. */
function torrentOf({ infoHash, links }: TorznabItem): LinkedTorrent | undefined {
  const magnet = links.map(parseMagnet).find((link) => link !== undefined)
  const stated = parseInfoHash(infoHash ?? '') ?? magnet?.infoHash
  return stated && { infoHash: stated, trackers: magnet?.infoHash === stated ? magnet.trackers : [] }
}

function candidateOf(item: TorznabItem, torrent: LinkedTorrent, video: VideoId): Candidate {
  const { infoHash, trackers, files } = torrent
  return withoutUndefined({
    kind: 'torrent' as const,
    infoHash,
    title: item.title,
    releaseName: item.title,
    trackers: allowedTrackers(trackers, []),
    torrentBytes: item.size,
    seeders: item.seeders,
    files,
    wish: wishOf(video),
  })
}
