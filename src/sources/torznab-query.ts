import { foldMarks } from '../domain/names/titles.ts'
import type { VideoId } from '../domain/video-id.ts'
import type { Title } from './title.ts'
import type { TorznabCaps } from './torznab-xml.ts'

/** Parameters of one request, without the API key. */
export type Query = Readonly<Record<string, string>>

const MOVIES = 2000
const TV = 5000

/** Queries for an indexer that knows IMDb ids; none if it does not. For an episode also its pack. */
export function queriesById(caps: TorznabCaps, video: VideoId): Query[] {
  const imdbid = video.id.replace(/^tt/, '')
  if (video.kind === 'movie') {
    return caps.movie?.has('imdbid') ? [{ t: 'movie', imdbid, ...category(caps, MOVIES) }] : []
  }
  if (!caps.tv?.has('imdbid') || !caps.tv.has('season')) return []
  const season = { t: 'tvsearch', imdbid, ...category(caps, TV), season: String(video.season) }
  return [...(caps.tv.has('ep') ? [{ ...season, ep: String(video.episode) }] : []), season]
}

/**
 * Queries by name: first in the spelling of releases, and if that finds nothing, the name as it is.
 *
 * @returns the queries of each attempt
 */
export function queriesByTitle(caps: TorznabCaps, video: VideoId, { name, year }: Title): Query[][] {
  const words = [...new Set([searchWords(foldMarks(name)), searchWords(name)])]
  return words.map((q) => queriesByName(caps, video, q, year)).filter(({ length }) => length > 0)
}

function queriesByName(caps: TorznabCaps, video: VideoId, q: string, year: number | undefined): Query[] {
  if (video.kind === 'movie') {
    const t = caps.movie?.has('q') ? 'movie' : 'search'
    if (t === 'search' && !caps.search?.has('q')) return []
    return [{ t, q: year === undefined ? q : `${q} ${year}`, ...category(caps, MOVIES) }]
  }
  const cat = category(caps, TV)
  const season = String(video.season)
  const ep = String(video.episode)
  if (['q', 'season', 'ep'].every((param) => caps.tv?.has(param))) {
    return [
      { t: 'tvsearch', q, ...cat, season, ep },
      { t: 'tvsearch', q, ...cat, season },
    ]
  }
  const t = caps.search?.has('q') ? 'search' : 'tvsearch'
  if (t === 'tvsearch' && !caps.tv?.has('q')) return []
  const pack = `${q} S${season.padStart(2, '0')}`
  return [
    { t, q: `${pack}E${ep.padStart(2, '0')}`, ...cat },
    { t, q: pack, ...cat },
  ]
}

/** A name in the spelling of releases: only words. */
function searchWords(name: string): string {
  return name
    .replace(/&/g, ' and ')
    .replace(/['’`´ʼ]/g, '')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim()
}

/** Indexers that have only custom categories are asked in all of them. */
function category({ categories }: TorznabCaps, wanted: number): { cat?: string } {
  return categories.some((id) => id >= wanted && id < wanted + 1_000) ? { cat: String(wanted) } : {}
}
