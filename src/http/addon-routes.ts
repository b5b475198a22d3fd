import { type Request, type Response, Router } from 'express'
import type { Addon } from '../addon/addon.ts'
import type { RequestContext } from '../addon/request-context.ts'
import { clientKey } from '../domain/clients/client-key.ts'
import { ASKER_HEADER } from '../domain/list/asker-header.ts'
import type { ListOptions } from '../domain/list/list-options.ts'
import type { BaseUrlOf } from './base-url.ts'
import { answerMethods } from './cors.ts'
import type { CrossSiteGuard } from './cross-site.ts'
import { goneSignal } from './gone-signal.ts'
import { readListOptions } from './read-list-options.ts'

const RESOURCES = ['stream', 'catalog', 'meta'] as const

/**
 * `[/{config}]/manifest.json` and `[/{config}]/{resource}/{type}/{id}[/{extra}].json`.
 *
 * @param baseUrlOf - gives the prefix of links in answers
 * @param instance - identifies this self-streme, see {@link ASKER_HEADER}
 * @param guard - checks which pages may ask
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/protocol.md
 */
export function addonRoutes(
  addon: Addon,
  baseUrlOf: BaseUrlOf,
  instance: string,
  guard: CrossSiteGuard,
): Router {
  const router = Router({ strict: true })
  const methods = answerMethods('GET, HEAD, OPTIONS')

  router.use((req, res, next) => {
    guard(req)
    if (req.get(ASKER_HEADER) !== instance) return next()
    res.status(508).set('Cache-Control', 'no-store').json({ err: 'request loop: this server asked itself' })
  })

  router.all(['/manifest.json', '/:config/manifest.json'], methods, async (req, res, next) => {
    if (!readListOptions(req.params.config as string | undefined)) return next()
    const manifest = await addon.manifest(baseUrlOf(req), isRelayed(req))
    // Private: the links in it depend on how the device reached us.
    res.set('Cache-Control', 'private, max-age=3600').json(manifest)
  })

  // One route per resource: with a parameter, `/subtitles/movie/tt1/x=1.json` would have the config "subtitles".
  for (const resource of RESOURCES) {
    const path = `/${resource}/:type/:id`
    const paths = [`${path}.json`, `${path}/:extra.json`]
    router.all([...paths, ...paths.map((each) => `/:config${each}`)], methods, (req, res, next) => {
      const list = readListOptions(req.params.config as string | undefined)
      return list ? answer(resource, list, req, res) : next()
    })
  }

  async function answer(
    resource: (typeof RESOURCES)[number],
    list: ListOptions,
    req: Request,
    res: Response,
  ): Promise<void> {
    const { type = '', id = '' } = req.params as Record<string, string | undefined>
    const asked = { resource, type, id, extra: extraOf(req) }
    const found = await addon.get(asked, {
      ...senderOf(req),
      list,
      baseUrl: baseUrlOf(req),
      signal: goneSignal(res),
    })
    if (resource === 'stream') res.vary('User-Agent, Sec-CH-UA')
    if (!found) return void res.status(404).set('Cache-Control', 'no-store').json({ err: 'not found' })
    const { body, cacheMaxAge } = found
    // Private: the links in it depend on how the device reached us.
    res.set('Cache-Control', cacheMaxAge === undefined ? 'no-store' : `private, max-age=${cacheMaxAge}`)
    res.json(cacheMaxAge === undefined ? body : { ...body, cacheMaxAge })
  }

  return router
}

function senderOf(req: Request): Pick<RequestContext, 'userAgent' | 'secChUa' | 'isRelayed' | 'client'> {
  return {
    userAgent: req.get('user-agent') ?? '',
    secChUa: req.get('sec-ch-ua'),
    isRelayed: isRelayed(req),
    // As reported by trusted proxies.
    client: clientKey(req.ip ?? ''),
  }
}

function isRelayed(req: Request): boolean {
  return req.get(ASKER_HEADER) !== undefined
}

/** The extra arguments have the form of a query in the path; decoded after splitting, as a value may contain `%26`. */
function extraOf(req: Request): Record<string, string> {
  if (req.params.extra === undefined) return {}
  const segment = req.originalUrl.replace(/\?.*$/s, '').split('/').at(-1) ?? ''
  return Object.fromEntries(new URLSearchParams(segment.replace(/\.json$/, '')))
}
