import { parseInfoHash } from '../domain/info-hash.ts'
import { parseMagnet } from '../domain/magnet.ts'
import { allowedTrackers } from '../domain/tracker-url.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'
import type { LinkedTorrent } from './linked-torrent.ts'
import type { Title } from './title.ts'
import { isNamed, mayHoldEpisode } from './torznab-relevance.ts'
import { parseItems, type TorznabItem } from './torznab-xml.ts'

/** What an answer is searched for. */
export interface WantedRows {
  readonly video: VideoId
  /** what it is called, where it was asked for by name */
  readonly title?: Title | undefined
}

/** A row that may be what is wanted. */
export interface TorznabRow {
  readonly title: string
  /** absent where only the link tells */
  readonly torrent?: LinkedTorrent
  /** magnet link, or link to a torrent file */
  readonly link?: string
  /** bytes of the whole torrent */
  readonly size?: number
  readonly seeders?: number
}

export interface TorznabAnswer {
  /** how many rows the indexer answered with */
  readonly items: number
  readonly rows: readonly TorznabRow[]
}

/** As many as are taken of one source. */
const MOST_ROWS = 500

/** @throws as `parseItems` */
export function readRows(xml: string, { video, title }: WantedRows): TorznabAnswer {
  const items = parseItems(xml)
  const rows = items
    .filter((item) => title === undefined || isNamed(item.title, video, title))
    .filter((item) => mayHoldEpisode(item.title, video))
  return { items: items.length, rows: rows.slice(0, MOST_ROWS).map(rowOf) }
}

function rowOf(item: TorznabItem): TorznabRow {
  const { title, links, size, seeders } = item
  return withoutUndefined({ title, torrent: torrentOf(item), link: links[0], size, seeders })
}

/** The torrent of a row that says which it is. */
function torrentOf({ infoHash, links }: TorznabItem): LinkedTorrent | undefined {
  const magnet = links.map(parseMagnet).find((link) => link !== undefined)
  const stated = parseInfoHash(infoHash ?? '') ?? magnet?.infoHash
  if (stated === undefined) return undefined
  const trackers = magnet?.infoHash === stated ? magnet.trackers : []
  return { infoHash: stated, trackers: allowedTrackers(trackers, []) }
}
