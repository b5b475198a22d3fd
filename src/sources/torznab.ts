import { setTimeout as sleep } from 'node:timers/promises'
import { type Candidate, type Found, unnamedFileOf } from '../domain/list/candidate.ts'
import { isImdbId, type VideoId } from '../domain/video-id.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'
import type { LinkedTorrent } from './linked-torrent.ts'
import type { Metadata } from './metadata.ts'
import type { RemoteServer } from './remote-server.ts'
import type { Source } from './source.ts'
import type { TorrentLinks } from './torrent-links.ts'
import { type Asking, TorznabClient, type TorznabClientOptions } from './torznab-client.ts'
import { queriesById, queriesByTitle } from './torznab-query.ts'
import type { TorznabRow } from './torznab-rows.ts'

export interface TorznabOptions extends TorznabClientOptions {
  readonly name: string
}

/** How long results by id wait for the title. */
const TITLE_MS = 2_000

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
  const client = new TorznabClient(options, server)

  async function findRows(video: VideoId, asking: Asking): Promise<readonly TorznabRow[]> {
    const known = await untilAborted(client.caps(), asking.signal)
    const titled = metadata?.find(video, asking.signal)
    // If the title is late, results by id are judged without it.
    const titleInTime = Promise.race([titled, sleep(TITLE_MS, undefined, { ref: false })]).catch(
      () => undefined,
    )
    const byId = async () => ({ video, askedBy: 'id' as const, title: await titleInTime })
    const found = await client.rows(queriesById(known, video), byId, asking)
    if (found.length > 0) return found
    const title = await titled
    if (!title) return []
    const byName = async () => ({ video, askedBy: 'name' as const, title })
    for (const queries of queriesByTitle(known, video, title)) {
      const named = await client.rows(queries, byName, asking)
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
