import AddonBuilder, { type AddonInterface } from 'stremio-addon-sdk/src/builder.js'
import { CATALOG_ID, createManifest } from '../../manifest/manifest.ts'
import type { DeliveryMode } from '../domain/device.ts'
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

/** The addon as Stremio's SDK builds it; `http/addon-routes.ts` speaks for it. */
export function createAddon(
  options: { readonly version: string },
  streams: StreamService,
  catalog: Catalog,
): Addon {
  const addon: AddonInterface = new AddonBuilder(createManifest(options))
    .defineCatalogHandler(async ({ type, id, extra }) => {
      const films = id === CATALOG_ID ? await firstOfEach(type) : []
      const wanted = extra.search?.toLowerCase() ?? ''
      const skip = Math.max(0, Number.parseInt(extra.skip ?? '0', 10) || 0)
      const found = films.filter(({ name }) => name.toLowerCase().includes(wanted))
      return { metas: found.slice(skip, skip + PAGE_SIZE).map(presentPreview) }
    })
    .defineMetaHandler(async ({ type, id }) => {
      const [first, ...rest] = (await catalog.films()).filter((film) => film.type === type && film.id === id)
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
