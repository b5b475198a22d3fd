import AddonBuilder, { type AddonInterface } from 'stremio-addon-sdk/src/builder.js'
import { createManifest, type ManifestOptions } from '../../manifest/manifest.ts'
import { parseVideoId } from '../domain/video-id.ts'
import { foldText } from '../lib/fold-text.ts'
import type { Catalogs } from './catalogs.ts'
import { drawPoster } from './poster.ts'
import { presentMeta, presentPreview } from './present-meta.ts'
import type { RequestContext } from './request-context.ts'
import type { StreamService } from './stream-service.ts'

const PAGE_SIZE = 100

/** What Stremio asks for: `/{resource}/{type}/{id}[/{extra}].json`. */
export interface ResourceRequest {
  readonly resource: 'catalog' | 'meta' | 'stream'
  readonly type: string
  readonly id: string
  readonly extra: Readonly<Record<string, string>>
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
  get(request: ResourceRequest, context: RequestContext): Promise<AddonAnswer | undefined>
}

const STREAMS_SECONDS = 300
/** Of a list that a source had no answer for, or of which something is being fetched. */
const SHORT_STREAMS_SECONDS = 15
const CATALOG_SECONDS = 60

/** The addon as Stremio's SDK builds it; `http/addon-routes.ts` speaks for it. */
export function createAddon(
  options: { readonly version: string },
  streams: StreamService,
  catalogs: Catalogs,
  moreIds: () => Promise<NonNullable<ManifestOptions['more']>>,
): Addon {
  const addon = buildAddon(options, streams, catalogs)
  return {
    async manifest(baseUrl, isRelayed) {
      return createManifest({ ...options, baseUrl, ...(isRelayed ? {} : { more: await moreIds() }) })
    },
    async poster(type, id) {
      const [first] = await catalogs.find(type, id)
      return drawPoster(first)
    },
    async get({ resource, type, id, extra }, context) {
      const answer = (await addon.get(resource, type, id, extra, context)) as Record<string, unknown>
      const { cacheMaxAge = CATALOG_SECONDS, ...body } = answer as { cacheMaxAge?: number }
      if (resource === 'meta') return answer.meta ? { body, cacheMaxAge } : undefined
      const list = answer[resource === 'stream' ? 'streams' : 'metas'] as readonly unknown[]
      return list.length === 0 ? { body } : { body, cacheMaxAge }
    },
  }
}

/** The SDK passes its handlers nothing of the request, so the context is what it calls the config. */
function buildAddon(
  options: { readonly version: string },
  streams: StreamService,
  catalogs: Catalogs,
): AddonInterface {
  return new AddonBuilder(createManifest(options))
    .defineCatalogHandler(async ({ type, id, extra, config }) => {
      const { baseUrl } = config as RequestContext
      const films = await catalogs.list(id, type)
      const wanted = foldText(extra.search ?? '')
      const skip = Math.max(0, Number.parseInt(extra.skip ?? '0', 10) || 0)
      const found = wanted ? films.filter(({ name }) => foldText(name).includes(wanted)) : films
      return { metas: found.slice(skip, skip + PAGE_SIZE).map((film) => presentPreview(film, baseUrl)) }
    })
    .defineMetaHandler(async ({ type, id, config }) => {
      const [first, ...rest] = await catalogs.find(type, id)
      return { meta: first ? presentMeta([first, ...rest], (config as RequestContext).baseUrl) : null }
    })
    .defineStreamHandler(async ({ type, id, config }) => {
      const video = parseVideoId(type, id)
      if (!video) return { streams: [] }
      const { streams: found, isSettled } = await streams.getList(video, config as RequestContext)
      return { streams: found, cacheMaxAge: isSettled ? STREAMS_SECONDS : SHORT_STREAMS_SECONDS }
    })
    .getInterface()
}
