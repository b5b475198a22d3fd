import AddonBuilder, { type AddonInterface } from 'stremio-addon-sdk/src/builder.js'
import {
  CATALOG_ID,
  createManifest,
  LIBRARY_CATALOG_ID,
  type ManifestOptions,
} from '../../manifest/manifest.ts'
import type { ListOptions } from '../domain/list/list-options.ts'
import { parseVideoId } from '../domain/video-id.ts'
import { foldText } from '../lib/fold-text.ts'
import { drawPoster } from './poster.ts'
import { type CatalogFilm, presentMeta, presentPreview } from './present-meta.ts'
import type { StreamService } from './stream-service.ts'

const PAGE_SIZE = 100

/** Who asks. The SDK hands its handlers nothing of the request, so it comes as the fifth argument of `get`. */
export interface RequestContext {
  readonly userAgent: string
  readonly secChUa: string | undefined
  /** what the install URL says */
  readonly list: ListOptions
  readonly baseUrl: string
  /** another self-streme asks, for one of its viewers */
  readonly isRelayed: boolean
  /** whose limits this counts against; see `domain/client-key.ts` */
  readonly client: string
  readonly signal: AbortSignal
}

export interface Catalog {
  films(): Promise<readonly CatalogFilm[]>
}

/** What lies on the server's disk. */
export interface LibraryCatalog {
  /** Films or series, each once, in the order of the catalogue. */
  list(type: string): Promise<readonly CatalogFilm[]>
  /** A film, or all episodes of a series. */
  find(type: string, id: string): Promise<readonly CatalogFilm[]>
}

/** What an answer holds, and for how long Stremio may keep it (seconds; absent = not at all). */
export interface AddonAnswer {
  readonly body: Readonly<Record<string, unknown>>
  readonly cacheMaxAge?: number
}

export interface Addon {
  /** @param isRelayed - another self-streme asks: it asks the other addons by itself */
  manifest(baseUrl: string, isRelayed: boolean): Promise<object>
  /** A picture with the title of a film or series, as SVG; of one that is not there, without a title. */
  poster(type: string, id: string): Promise<string>
  /** @returns `undefined` where there is nothing of that name */
  get(
    resource: 'catalog' | 'meta' | 'stream',
    type: string,
    id: string,
    extra: Readonly<Record<string, string>>,
    context: RequestContext,
  ): Promise<AddonAnswer | undefined>
}

const STREAMS_SECONDS = 300
/** Of a list that a source had no answer for, or of which something is being fetched. */
const SHORT_STREAMS_SECONDS = 15
const CATALOG_SECONDS = 60

function episodeKey({ season, episode }: CatalogFilm): string {
  return `${season}:${episode}`
}

/** The addon as Stremio's SDK builds it; `http/addon-routes.ts` speaks for it. */
export function createAddon(
  options: { readonly version: string },
  streams: StreamService,
  catalog: Catalog,
  library: LibraryCatalog,
  moreIds: () => Promise<NonNullable<ManifestOptions['more']>>,
): Addon {
  const addon: AddonInterface = new AddonBuilder(createManifest(options))
    .defineCatalogHandler(async ({ type, id, extra, config }) => {
      const { baseUrl } = config as RequestContext
      const films = await filmsOf(id, type)
      const wanted = foldText(extra.search ?? '')
      const skip = Math.max(0, Number.parseInt(extra.skip ?? '0', 10) || 0)
      const found = wanted ? films.filter(({ name }) => foldText(name).includes(wanted)) : films
      return { metas: found.slice(skip, skip + PAGE_SIZE).map((film) => presentPreview(film, baseUrl)) }
    })
    .defineMetaHandler(async ({ type, id, config }) => {
      const [first, ...rest] = await entriesOf(type, id)
      return { meta: first ? presentMeta([first, ...rest], (config as RequestContext).baseUrl) : null }
    })
    .defineStreamHandler(async ({ type, id, config }) => {
      const { userAgent, baseUrl, ...ask } = config as RequestContext
      const video = parseVideoId(type, id)
      if (!video) return { streams: [] }
      const [season, episode] = video.kind === 'episode' ? [video.season, video.episode] : []
      const found = await streams.getList(type, video.id, season, episode, userAgent, baseUrl, ask)
      return {
        streams: found.streams,
        cacheMaxAge: found.isSettled ? STREAMS_SECONDS : SHORT_STREAMS_SECONDS,
      }
    })
    .getInterface()

  /** All that is known by an id: a film, or the episodes of a series. */
  async function entriesOf(type: string, id: string): Promise<CatalogFilm[]> {
    const named = (await catalog.films()).filter((film) => film.type === type && film.id === id)
    const known = new Set(named.map(episodeKey))
    const others = (await library.find(type, id)).filter((film) => !known.has(episodeKey(film)))
    return [...named, ...others]
  }

  async function filmsOf(id: string, type: string): Promise<readonly CatalogFilm[]> {
    if (id === LIBRARY_CATALOG_ID) return library.list(type)
    return id === CATALOG_ID ? firstOfEach(type) : []
  }

  async function firstOfEach(type: string): Promise<CatalogFilm[]> {
    const films = (await catalog.films()).filter((film) => film.type === type)
    return [...new Map(films.toReversed().map((film) => [film.id, film])).values()].toReversed()
  }

  return {
    async manifest(baseUrl, isRelayed) {
      return createManifest({ ...options, baseUrl, ...(isRelayed ? {} : { more: await moreIds() }) })
    },
    async poster(type, id) {
      const [first] = await entriesOf(type, id)
      return drawPoster(first)
    },
    async get(resource, type, id, extra, context) {
      const answer = (await addon.get(resource, type, id, extra, context)) as Record<string, unknown>
      const { cacheMaxAge = CATALOG_SECONDS, ...body } = answer as { cacheMaxAge?: number }
      if (resource === 'meta') return answer.meta ? { body, cacheMaxAge } : undefined
      const list = answer[resource === 'stream' ? 'streams' : 'metas'] as readonly unknown[]
      return list.length === 0 ? { body } : { body, cacheMaxAge }
    },
  }
}
