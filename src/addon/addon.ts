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

/** A request of Stremio: `/{resource}/{type}/{id}[/{extra}].json`. */
export interface ResourceRequest {
  readonly resource: 'catalog' | 'meta' | 'stream'
  readonly type: string
  readonly id: string
  readonly extra: Readonly<Record<string, string>>
}

/** An answer, and how long Stremio may cache it (seconds; absent = not at all). */
export interface AddonAnswer {
  readonly body: Readonly<Record<string, unknown>>
  readonly cacheMaxAge?: number
}

export interface Addon {
  /** @param isRelayed - the request comes from another self-streme, which asks its addons itself */
  manifest(baseUrl: string, isRelayed: boolean): Promise<object>
  /** An SVG with the title of a film or series; without a title if the id is unknown. */
  poster(type: string, id: string): Promise<string>
  /** @returns `undefined` if there is no such resource */
  get(request: ResourceRequest, context: RequestContext): Promise<AddonAnswer | undefined>
}

const STREAMS_SECONDS = 300
/** For lists that lack a source's answer, or with a video that is downloading. */
const SHORT_STREAMS_SECONDS = 15
const CATALOG_SECONDS = 60

/** The addon, built with Stremio's SDK; `http/addon-routes.ts` serves it. */
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

/** The SDK passes nothing of the request to its handlers, so the context takes the place of its config. */
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
