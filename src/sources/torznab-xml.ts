import { XMLParser } from 'fast-xml-parser'
import { SelfStremeError } from '../domain/errors.ts'
import { redactSecrets } from '../lib/redact.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'

/** What an indexer can be asked. */
export interface TorznabCaps {
  /** parameters of each kind of search; absent = it has none */
  readonly search?: ReadonlySet<string>
  readonly movie?: ReadonlySet<string>
  readonly tv?: ReadonlySet<string>
  readonly categories: readonly number[]
}

/** Ids in catalogues: digits, with nothing in front of them. */
export interface StatedIds {
  readonly imdb?: string
  readonly tmdb?: string
  readonly tvdb?: string
}

/** A row of an answer, as it came. */
export interface TorznabItem {
  readonly title: string
  readonly infoHash?: string
  /** of what it says it is */
  readonly ids: StatedIds
  /** magnet links, and links to torrent files */
  readonly links: readonly string[]
  /** bytes of the whole torrent */
  readonly size?: number
  readonly seeders?: number
}

type Tag = Readonly<Record<string, unknown>>

/** Codes that say something about what was asked for: 200–299 its parameters, 300 that there is no such item. */
const OF_THE_QUESTION = /^(?:2\d\d|300)$/

const MAX_ITEMS = 2_000
const MAX_CATEGORIES = 2_000
const MAX_PARAMS = 50
/** A magnet link with twenty trackers takes about a thousand, a link with a key and a path as much. */
const MAX_LINK_LENGTH = 4_000
const MAX_LENGTH = 500

// An entity can only be one of those that every XML has, or a number: documents that define their own are refused.
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  htmlEntities: true,
  jPath: false,
})

/**
 * @throws SelfStremeError `source.refused` when the indexer says that something is wrong, `source.unknown_id` when that
 *   is the question, `source.bad_answer`
 * @see https://torznab.github.io/spec-1.3-draft/torznab/Specification-v1.3.html
 */
export function parseCaps(xml: string): TorznabCaps {
  const caps = rootOf(xml, 'caps')
  const searching = tag(caps.searching)
  const categories = tags(tag(caps.categories).category).flatMap((each) => [each, ...tags(each.subcat)])
  const kinds = {
    search: paramsOf(searching.search),
    movie: paramsOf(searching['movie-search']),
    tv: paramsOf(searching['tv-search']),
  }
  return {
    ...Object.fromEntries(Object.entries(kinds).filter(([, params]) => params !== undefined)),
    categories: categories
      .slice(0, MAX_CATEGORIES)
      .map((each) => Number(each['@id']))
      .filter(Number.isInteger),
  }
}

/** @throws as {@link parseCaps} */
export function parseItems(xml: string): TorznabItem[] {
  const channel = tag(rootOf(xml, 'rss').channel)
  return tags(channel.item).slice(0, MAX_ITEMS).flatMap(readItem)
}

function rootOf(xml: string, name: string): Tag {
  const document = tag(parse(xml))
  if (document.error !== undefined) {
    const error = tag(document.error)
    const words = redactSecrets(text(error['@description']).slice(0, MAX_LENGTH))
    const number = text(error['@code']).slice(0, 10)
    throw new SelfStremeError(
      OF_THE_QUESTION.test(number) ? 'source.unknown_id' : 'source.refused',
      `it says: ${words || 'error'} (${number})`,
    )
  }
  if (document[name] === undefined)
    throw new SelfStremeError('source.bad_answer', `it answered with no <${name}>`)
  return tag(document[name])
}

function parse(xml: string): unknown {
  if (/<!DOCTYPE/i.test(withoutData(xml)))
    throw new SelfStremeError('source.bad_answer', 'it answered with a document type')
  try {
    return parser.parse(xml)
  } catch (cause) {
    throw new SelfStremeError('source.bad_answer', 'it answered with no XML', { cause })
  }
}

/** The markup alone: descriptions are web pages at times, with a document type of their own. */
function withoutData(xml: string): string {
  const markup: string[] = []
  let from = 0
  while (from < xml.length) {
    const start = xml.indexOf('<![CDATA[', from)
    const end = start === -1 ? -1 : xml.indexOf(']]>', start)
    markup.push(xml.slice(from, start === -1 ? undefined : start))
    if (end === -1) break
    from = end + 3
  }
  return markup.join('')
}

/** What has been said in the first version of the protocol about searches without `supportedParams` is `q`. */
function paramsOf(value: unknown): ReadonlySet<string> | undefined {
  const search = tag(value)
  if (search['@available'] !== 'yes') return undefined
  return new Set(
    text(search['@supportedParams'] ?? 'q')
      .slice(0, MAX_LENGTH)
      .toLowerCase()
      .split(/[,\s]+/)
      .slice(0, MAX_PARAMS),
  )
}

function readItem(item: Tag): TorznabItem[] {
  const title = text(item.title).slice(0, MAX_LENGTH).toWellFormed()
  if (!title) return []
  const attributes = new Map(
    tags(item.attr).map((each) => [text(each['@name']).toLowerCase(), text(each['@value'])]),
  )
  const [enclosure = {}] = tags(item.enclosure)
  const links = [attributes.get('magneturl'), enclosure['@url'], item.link, item.guid]
    .map(text)
    .map((link) => (link.length > MAX_LINK_LENGTH ? '' : link))
  const size = count(attributes.get('size') ?? item.size ?? enclosure['@length'])
  const seeders = count(attributes.get('seeders'))
  const infoHash = attributes.get('infohash')
  return [
    {
      title,
      // What a row is known by is often the page about it; only a magnet link is of use there.
      links: links.filter((link, at) => /^magnet:/i.test(link) || (at < 3 && /^https?:/i.test(link))),
      ids: idsOf(attributes),
      ...(infoHash ? { infoHash } : {}),
      ...(size ? { size } : {}),
      ...(seeders === undefined ? {} : { seeders }),
    },
  ]
}

/** Indexers write ids with or without `tt`, with zeros in front or without, and 0 for what they do not know. */
function idsOf(attributes: ReadonlyMap<string, string>): StatedIds {
  const number = (...names: string[]) =>
    names
      .map((name) => /^(?:tt)?0*([1-9]\d{0,11})$/i.exec(attributes.get(name) ?? '')?.[1])
      .find((digits) => digits !== undefined)
  return withoutUndefined({
    imdb: number('imdbid', 'imdb'),
    tmdb: number('tmdbid', 'tmdb'),
    tvdb: number('tvdbid', 'tvdb'),
  })
}

function tag(value: unknown): Tag {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tag) : {}
}

/** One tag comes as itself, several come as a list. */
function tags(value: unknown): Tag[] {
  return (Array.isArray(value) ? value : [value]).map(tag)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  // A tag that has attributes keeps its text beside them.
  return typeof tag(value)['#text'] === 'string' ? String(tag(value)['#text']).trim() : ''
}

function count(value: unknown): number | undefined {
  const digits = text(value)
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}
