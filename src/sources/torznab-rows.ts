import { parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { allowedTrackers } from '../domain/bittorrent/tracker-url.ts'
import { otherEpisode, otherTitle } from '../domain/names/release-relevance.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'
import type { LinkedTorrent } from './linked-torrent.ts'
import type { DroppedRow } from './source.ts'
import type { Title } from './title.ts'
import { parseItems, type StatedIds, type TorznabItem } from './torznab-xml.ts'

/** What to look for in an answer. */
export interface WantedRows {
  readonly video: VideoId
  readonly askedBy: 'id' | 'name'
  /** its names, if known */
  readonly title?: Title | undefined
}

/** A row that may match. */
export interface TorznabRow {
  readonly title: string
  /** absent if only the link tells */
  readonly torrent?: LinkedTorrent
  /** magnet link, or link to a torrent file */
  readonly link?: string
  /** bytes of the torrent */
  readonly size?: number
  readonly seeders?: number
}

export interface TorznabAnswer {
  readonly rows: readonly TorznabRow[]
  /** the first rows that do not match */
  readonly dropped: readonly DroppedRow[]
}

/** Maximum rows taken from one source. */
const MAX_ROWS = 500
const MAX_DROPPED = 50

/**
 * Selects the rows of an answer that may match. Rows found by id count under any name, since releases have names in
 * many languages. But some indexers ignore the id; if no row fits, names decide.
 *
 * @throws as `parseItems`
 */
export function readRows(xml: string, wanted: WantedRows): TorznabAnswer {
  const items = parseItems(xml)
  const isJudgedByName = wanted.askedBy === 'name' || areStrangers(items, wanted)
  const rows: TorznabRow[] = []
  const dropped: DroppedRow[] = []
  for (const item of items) {
    const why = whyNot(item, wanted, isJudgedByName)
    if (why === undefined) rows.push(rowOf(item))
    else if (dropped.length < MAX_DROPPED) dropped.push({ name: item.title, why })
  }
  return { rows: rows.slice(0, MAX_ROWS), dropped }
}

function whyNot(
  item: TorznabItem,
  { video, title }: WantedRows,
  isJudgedByName: boolean,
): string | undefined {
  const ids = { imdb: numberOf(video), ...title?.ids }
  const other = otherId(item.ids, ids)
  if (other !== undefined) return `it states the id ${other}`
  // A row with the right id may have any name.
  const isSure = item.ids.imdb === numberOf(video)
  const otherName = isJudgedByName && !isSure && title ? otherTitle(item.title, video, title) : undefined
  return otherName ?? otherEpisode(item.title, video, title)
}

/** The id of a row, if it is not the requested one. */
function otherId(stated: StatedIds, wanted: StatedIds): string | undefined {
  for (const catalogue of ['imdb', 'tmdb', 'tvdb'] as const) {
    const [id, is] = [stated[catalogue], wanted[catalogue]]
    if (id !== undefined && is !== undefined && id !== is)
      return catalogue === 'imdb' ? `tt${id.padStart(7, '0')}` : `${catalogue}:${id}`
  }
  return undefined
}

function numberOf({ id }: VideoId): string {
  return id.replace(/^tt0*/, '')
}

/** Whether no row has anything to do with the request, so that the indexer probably ignored the id. */
function areStrangers(items: readonly TorznabItem[], { video, title }: WantedRows): boolean {
  if (!title) return false
  const isKnown = ({ title: name, ids }: TorznabItem) =>
    ids.imdb === numberOf(video) || otherTitle(name, video, title) === undefined
  return !items.some(isKnown)
}

function rowOf(item: TorznabItem): TorznabRow {
  const { title, links, size, seeders } = item
  return withoutUndefined({ title, torrent: torrentOf(item), link: links[0], size, seeders })
}

/** The torrent of a row, if it has an info hash. */
function torrentOf({ infoHash, links }: TorznabItem): LinkedTorrent | undefined {
  const magnet = links.map(parseMagnet).find((link) => link !== undefined)
  const stated = parseInfoHash(infoHash ?? '') ?? magnet?.infoHash
  if (stated === undefined) return undefined
  const trackers = magnet?.infoHash === stated ? magnet.trackers : []
  return { infoHash: stated, trackers: allowedTrackers(trackers, []) }
}
