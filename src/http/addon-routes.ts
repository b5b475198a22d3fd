import { type Request, type Response, Router } from 'express'
import type { Addon } from '../addon/addon.ts'
import { ASKER_HEADER } from '../domain/asker-header.ts'
import { answerMethods } from './cors.ts'
import { baseUrlOf, goneSignal, parseMode } from './request-context.ts'

const RESOURCES = ['stream', 'catalog', 'meta'] as const

/**
 * `[/{mode}]/manifest.json` and `[/{mode}]/{resource}/{type}/{id}[/{extra}].json`.
 *
 * @param publicUrl - what links in answers begin with, where the user has said it
 * @param instance - which self-streme this is, see {@link ASKER_HEADER}
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/protocol.md
 */
export function addonRoutes(addon: Addon, publicUrl: string | undefined, instance: string): Router {
  const router = Router({ strict: true })
  const methods = answerMethods('GET, HEAD, OPTIONS')

  router.use((req, res, next) => {
    if (req.get(ASKER_HEADER) !== instance) return next()
    res.status(508).set('Cache-Control', 'no-store').json({ err: 'this server asks itself' })
  })

  router.all(['/manifest.json', '/:mode/manifest.json'], methods, (req, res, next) => {
    if (parseMode(req.params.mode as string | undefined) === undefined) return next()
    // Links in it depend on how the device reached us.
    res.set('Cache-Control', 'private, max-age=3600').json(addon.manifest(baseUrlOf(req, publicUrl)))
  })

  // Resources are named one by one: as a parameter, `/subtitles/movie/tt1/x=1.json` would have a mode "subtitles".
  for (const resource of RESOURCES) {
    const path = `/${resource}/:type/:id`
    router.all([`${path}.json`, `${path}/:extra.json`], methods, (req, res) => answer(resource, req, res))
    router.all([`/:mode${path}.json`, `/:mode${path}/:extra.json`], methods, (req, res, next) => {
      return parseMode(req.params.mode as string) === undefined ? next() : answer(resource, req, res)
    })
  }

  async function answer(resource: (typeof RESOURCES)[number], req: Request, res: Response): Promise<void> {
    const { mode, type = '', id = '' } = req.params as Record<string, string | undefined>
    const found = await addon.get(resource, type, id, extraOf(req), {
      userAgent: req.get('user-agent') ?? '',
      secChUa: req.get('sec-ch-ua'),
      mode: parseMode(mode) ?? 'auto',
      baseUrl: baseUrlOf(req, publicUrl),
      isRelayed: req.get(ASKER_HEADER) !== undefined,
      signal: goneSignal(res),
    })
    if (resource === 'stream') res.set('Vary', 'User-Agent, Sec-CH-UA')
    if (!found) return void res.status(404).set('Cache-Control', 'no-store').json({ err: 'not found' })
    const { body, cacheMaxAge } = found
    const scope = resource === 'stream' ? 'private' : 'public'
    res.set('Cache-Control', cacheMaxAge === undefined ? 'no-store' : `${scope}, max-age=${cacheMaxAge}`)
    res.json(cacheMaxAge === undefined ? body : { ...body, cacheMaxAge })
  }

  return router
}

/** The extra arguments stand in the path like a query; read undecoded, so that an `%26` in a value does not split it. */
function extraOf(req: Request): Record<string, string> {
  if (req.params.extra === undefined) return {}
  const segment = req.originalUrl.replace(/\?.*$/, '').split('/').at(-1) ?? ''
  return Object.fromEntries(new URLSearchParams(segment.replace(/\.json$/, '')))
}
