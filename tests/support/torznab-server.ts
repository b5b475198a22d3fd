import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { type LocalServer, startLocalServer } from './local-server.ts'

/** A torrent that an indexer knows, and how it identifies it. */
export interface IndexedTorrent {
  readonly title: string
  readonly imdbId?: string
  readonly size?: number
  readonly seeders?: number
  readonly infoHash?: string
  readonly magnet?: string
  /** served at a link of its own */
  readonly torrent?: Buffer
  /** magnet link that the download link redirects to */
  readonly redirect?: string
  /** download link, in place of one of this server */
  readonly link?: string
}

export interface TorznabServerOptions {
  readonly torrents?: readonly IndexedTorrent[]
  readonly apiKey?: string
  /** `supportedParams` of each search; `undefined` = not available */
  readonly search?: string | undefined
  readonly movieSearch?: string | undefined
  readonly tvSearch?: string | undefined
  readonly categories?: readonly number[]
  /** answers in place of the server, if given: `t=caps`, searches, and downloads */
  readonly onCaps?: RequestListener | undefined
  readonly onSearch?: RequestListener | undefined
  readonly onDownload?: RequestListener | undefined
}

export interface TorznabServer extends LocalServer {
  /** of the API */
  readonly api: string
  /** the searches it got, without key */
  searches(): Readonly<Record<string, string>>[]
}

const FUNCTIONS = ['search', 'movie', 'tvsearch'] as const

/**
 * An indexer on this machine that follows the Torznab protocol.
 *
 * @see https://torznab.github.io/spec-1.3-draft/torznab/Specification-v1.3.html
 */
export async function startTorznabServer(options: TorznabServerOptions = {}): Promise<TorznabServer> {
  const { torrents = [], apiKey } = options
  const params = {
    search: 'search' in options ? options.search : 'q',
    movie: 'movieSearch' in options ? options.movieSearch : 'q,imdbid',
    tvsearch: 'tvSearch' in options ? options.tvSearch : 'q,season,ep,imdbid',
  }

  const server = await startLocalServer((req, res) => {
    const url = new URL(req.url ?? '', 'http://localhost')
    if (url.pathname.startsWith('/download/')) return (options.onDownload ?? download)(req, res)
    if (url.pathname !== '/1/api') return void res.writeHead(404).end()
    const asked = Object.fromEntries(url.searchParams)
    if (apiKey !== undefined && asked.apikey !== apiKey)
      return sendError(res, 100, 'Incorrect user credentials')
    if (asked.t === 'caps') return options.onCaps ? options.onCaps(req, res) : send(res, caps())
    const wanted = FUNCTIONS.find((name) => name === asked.t)
    if (!wanted) return sendError(res, 202, 'No such function')
    const supported = params[wanted]?.split(',')
    if (!supported) return sendError(res, 203, 'Function not available')
    for (const name of ['q', 'imdbid', 'season', 'ep'])
      if (asked[name] !== undefined && !supported.includes(name))
        return sendError(res, 201, `Incorrect parameter ${name}`)
    if (options.onSearch) return options.onSearch(req, res)
    send(res, rss(torrents.filter((torrent) => isWanted(torrent, asked))))
  })

  function download(req: IncomingMessage, res: ServerResponse): void {
    const found = torrents[Number(req.url?.split('/')[2])]
    if (found?.redirect !== undefined) res.writeHead(301, { Location: found.redirect }).end()
    else if (found?.torrent)
      res.writeHead(200, { 'Content-Type': 'application/x-bittorrent' }).end(found.torrent)
    else res.writeHead(404).end()
  }

  function caps(): string {
    const [search, movie, tv] = FUNCTIONS.map((name) => {
      const known = params[name]
      return known === undefined ? 'available="no"' : `available="yes" supportedParams="${known}"`
    })
    const categories = (options.categories ?? [2000, 2040, 5000]).map(
      (id) => `<category id="${id}" name="c${id}"/>`,
    )
    return `<caps><server title="Test"/><limits max="100" default="50"/><searching><search ${search}/>
      <tv-search ${tv}/><movie-search ${movie}/><music-search available="no"/></searching>
      <categories>${categories.join('')}</categories></caps>`
  }

  function rss(found: readonly IndexedTorrent[]): string {
    return `<rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel><title>Test</title>
      ${found.map(item).join('\n')}</channel></rss>`
  }

  function item(torrent: IndexedTorrent): string {
    const { title, size = 1_000, seeders = 1, infoHash, magnet, imdbId } = torrent
    const hasLink = torrent.torrent !== undefined || torrent.redirect !== undefined
    const own = hasLink
      ? `${server.url}/download/${torrents.indexOf(torrent)}/${encodeURIComponent(title)}`
      : undefined
    const link = torrent.link ?? own
    const attributes = {
      seeders,
      peers: seeders + 1,
      infohash: infoHash,
      magneturl: magnet,
      imdbid: imdbId?.slice(2),
    }
    return `<item><title>${escaped(title)}</title><guid>${server.url}/details/${escaped(title)}</guid>
      <pubDate>Sat, 14 Mar 2015 17:10:42 -0400</pubDate><size>${size}</size>
      ${link === undefined ? '' : `<link>${escaped(link)}</link>`}
      ${link === undefined ? '' : `<enclosure url="${escaped(link)}" length="${size}" type="application/x-bittorrent"/>`}
      ${Object.entries(attributes)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => `<torznab:attr name="${name}" value="${escaped(String(value))}"/>`)
        .join('')}</item>`
  }

  return Object.assign(server, {
    api: `${server.url}/1/api`,
    searches: () =>
      server.asked
        .map((path) => Object.fromEntries(new URL(path, 'http://localhost').searchParams))
        .filter(({ t }) => t !== undefined && t !== 'caps')
        .map(
          ({ apikey: _key, limit: _limit, extended: _extended, ...search }) =>
            search as Record<string, string>,
        ),
  })
}

function isWanted({ title, imdbId }: IndexedTorrent, asked: Readonly<Record<string, string>>): boolean {
  const words = (text: string) => text.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  const { q, imdbid, season, ep } = asked
  if (imdbid !== undefined && imdbId?.slice(2) !== imdbid) return false
  if (q !== undefined && !words(q).every((word) => words(title).some((each) => each.startsWith(word))))
    return false
  const [, ofSeason, ofEpisode] = /S(\d+)(?:E(\d+))?/i.exec(title) ?? []
  if (season !== undefined && Number(ofSeason) !== Number(season)) return false
  return ep === undefined || Number(ofEpisode) === Number(ep)
}

function sendError(res: ServerResponse, code: number, description: string): void {
  send(res, `<error code="${code}" description="${escaped(description)}"/>`)
}

function send(res: ServerResponse, xml: string): void {
  res
    .writeHead(200, { 'Content-Type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`)
}

function escaped(text: string): string {
  return text.replace(/[<>&"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
