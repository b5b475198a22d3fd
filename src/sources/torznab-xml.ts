import { XMLParser } from 'fast-xml-parser'
import { SelfStremeError } from '../domain/errors.ts'
import { redactSecrets } from '../lib/redact.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'

/** The searches that an indexer supports. */
export interface TorznabCaps {
  /** parameters of each kind of search; absent = unsupported */
  readonly search?: ReadonlySet<string>
  readonly movie?: ReadonlySet<string>
  readonly tv?: ReadonlySet<string>
  readonly categories: readonly number[]
}

/** Catalogue ids: digits without prefix. */
export interface StatedIds {
  readonly imdb?: string
  readonly tmdb?: string
  readonly tvdb?: string
}

/** A row of an answer, unchecked. */
export interface TorznabItem {
  readonly title: string
  readonly infoHash?: string
  /** of the video that it claims to be */
  readonly ids: StatedIds
  /** magnet links, and links to torrent files */
  readonly links: readonly string[]
  /** bytes of the torrent */
  readonly size?: number
  readonly seeders?: number
}

type Tag = Readonly<Record<string, unknown>>

/** Error codes about the request, not the indexer: 200–299 parameters, 300 no such item. */
const OF_THE_QUESTION = /^(?:2\d\d|300)$/

const MAX_ITEMS = 2_000
const MAX_CATEGORIES = 2_000
const MAX_PARAMS = 50
/** A magnet link with twenty trackers has about a thousand characters, a link with key and path as many. */
const MAX_LINK_LENGTH = 4_000
const MAX_LENGTH = 500

// Entities can only be the predefined ones or numbers: documents with a DTD are refused.
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
 * @throws SelfStremeError `source.refused` when the indexer reports an error, `source.unknown_id` if the error concerns
 *   the request, `source.bad_answer`
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
      `the indexer reports: ${words || 'error'} (${number})`,
    )
  }
  if (document[name] === undefined)
    throw new SelfStremeError('source.bad_answer', `the answer has no <${name}>`)
  return tag(document[name])
}

function parse(xml: string): unknown {
  if (/<!DOCTYPE/i.test(withoutData(xml)))
    throw new SelfStremeError('source.bad_answer', 'the answer has a document type declaration')
  try {
    return parser.parse(xml)
  } catch (cause) {
    throw new SelfStremeError('source.bad_answer', 'the answer is not XML', { cause })
  }
}

/** The markup without CDATA: descriptions may be web pages with a document type of their own. */
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

/** In the first version of the protocol, a search without `supportedParams` takes `q`. */
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
      // The `guid` is often a web page about the torrent; it is used only if it is a magnet link.
      links: links.filter((link, at) => /^magnet:/i.test(link) || (at < 3 && /^https?:/i.test(link))),
      ids: idsOf(attributes),
      ...(infoHash ? { infoHash } : {}),
      ...(size ? { size } : {}),
      ...(seeders === undefined ? {} : { seeders }),
    },
  ]
}

/** Indexers write ids with or without `tt` and leading zeros, and 0 for unknown. */
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

/** The parser gives one tag as itself, several as a list. */
function tags(value: unknown): Tag[] {
  return (Array.isArray(value) ? value : [value]).map(tag)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  // A tag with attributes has its text in "#text".
  return typeof tag(value)['#text'] === 'string' ? String(tag(value)['#text']).trim() : ''
}

function count(value: unknown): number | undefined {
  const digits = text(value)
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined
}
