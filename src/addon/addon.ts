import AddonBuilder, { type AddonInterface } from 'stremio-addon-sdk/src/builder.js'
import { CATALOG_ID, createManifest, LIBRARY_CATALOG_ID } from '../../manifest/manifest.ts'
import type { DeliveryMode } from '../domain/device.ts'
import { foldText } from '../domain/fold-text.ts'
import { parseVideoId } from '../domain/video-id.ts'
import { type CatalogFilm, presentMeta, presentPreview } from './present-meta.ts'
import type { StreamService } from './stream-service.ts'

const PAGE_SIZE = 100

/** Who asks. The SDK hands its handlers nothing of the request, so it comes as the fifth argument of `get`. */
export interface RequestContext {
  readonly userAgent: string
  readonly secChUa: string | undefined
  readonly mode: DeliveryMode
  readonly baseUrl: string
  /** another self-streme asks, for one of its viewers */
  readonly isRelayed: boolean
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
  manifest(baseUrl: string): object
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
): Addon {
  const addon: AddonInterface = new AddonBuilder(createManifest(options))
    .defineCatalogHandler(async ({ type, id, extra }) => {
      const films = await filmsOf(id, type)
      const wanted = foldText(extra.search ?? '')
      const skip = Math.max(0, Number.parseInt(extra.skip ?? '0', 10) || 0)
      const found = wanted ? films.filter(({ name }) => foldText(name).includes(wanted)) : films
      return { metas: found.slice(skip, skip + PAGE_SIZE).map(presentPreview) }
    })
    .defineMetaHandler(async ({ type, id }) => {
      const named = (await catalog.films()).filter((film) => film.type === type && film.id === id)
      const known = new Set(named.map(episodeKey))
      const others = (await library.find(type, id)).filter((film) => !known.has(episodeKey(film)))
      const [first, ...rest] = [...named, ...others]
      return { meta: first ? presentMeta([first, ...rest]) : null }
    })
    .defineStreamHandler(async ({ type, id, config }) => {
      const { userAgent, baseUrl, secChUa, mode, isRelayed, signal } = config as RequestContext
      const video = parseVideoId(type, id)
      if (!video) return { streams: [] }
      const [season, episode] = video.kind === 'episode' ? [video.season, video.episode] : []
      const found = await streams.getStreams(type, video.id, season, episode, userAgent, baseUrl, {
        secChUa,
        mode,
        isRelayed,
        signal,
      })
      return { streams: found }
    })
    .getInterface()

  async function filmsOf(id: string, type: string): Promise<readonly CatalogFilm[]> {
    if (id === LIBRARY_CATALOG_ID) return library.list(type)
    return id === CATALOG_ID ? firstOfEach(type) : []
  }

  async function firstOfEach(type: string): Promise<CatalogFilm[]> {
    const films = (await catalog.films()).filter((film) => film.type === type)
    return [...new Map(films.toReversed().map((film) => [film.id, film])).values()].toReversed()
  }

  return {
    manifest: (baseUrl) => createManifest({ ...options, baseUrl }),
    async get(resource, type, id, extra, context) {
      const body = (await addon.get(resource, type, id, extra, context)) as Record<string, unknown>
      if (resource === 'meta') return body.meta ? { body, cacheMaxAge: CATALOG_SECONDS } : undefined
      const list = body[resource === 'stream' ? 'streams' : 'metas'] as readonly unknown[]
      if (list.length === 0) return { body }
      return { body, cacheMaxAge: resource === 'stream' ? STREAMS_SECONDS : CATALOG_SECONDS }
    },
  }
}
