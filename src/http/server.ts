import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type ErrorRequestHandler } from 'express'
import type { Addon } from '../addon/addon.ts'
import type { ExplainStreams } from '../addon/explain-streams.ts'
import type { CacheOverview } from '../admin/cache-overview.ts'
import type { Library } from '../admin/torrents.ts'
import type { Guesses } from '../downloads/guesses.ts'
import { sliceMemory } from '../files/read-slices.ts'
import type { Log } from '../observe/log.ts'
import type { OpenMedia } from '../streaming/open-media.ts'
import { type AccessOptions, accessGuard } from './access-guard.ts'
import { addonRoutes } from './addon-routes.ts'
import { type Admin, adminRoutes } from './admin-routes.ts'
import { apiRoutes } from './api-routes.ts'
import { baseUrls } from './base-url.ts'
import type { TrustsProxy } from './client-address.ts'
import { handleLimit, limitConnections, mostConnections } from './connection-places.ts'
import { openTo, openToAll } from './cors.ts'
import { guardVideo, listGuard } from './cross-site.ts'
import { errorAnswerer } from './error-handler.ts'
import { gatewayReader } from './gateways.ts'
import { type HandOffOptions, handOffTo } from './hand-off.ts'
import { boundHeaders } from './header-lengths.ts'
import { landingRoutes } from './landing-routes.ts'
import { takePrefixOff } from './mount-path.ts'
import { originsWith } from './origins.ts'
import { type OwnerOptions, ownerGuard } from './owner-guard.ts'
import { limitPipelining } from './pipelining.ts'
import { posterRoutes } from './poster-routes.ts'
import { checkHeaderCount, REQUEST_LIMITS } from './request-limits.ts'
import { toOriginForm } from './request-target.ts'
import { StreamPlaces } from './stream-places.ts'
import { streamRoutes } from './stream-routes.ts'

const IDLE_MS = 1_000
const STREAMS = '/stream/proxy'

export interface HttpOptions {
  /** 0 = any free port */
  readonly port: number
  readonly host: string
  /** origin, and the path under which a proxy serves us */
  readonly publicUrl?: string | undefined
  /** number of proxies in front, or their addresses; absent = none */
  readonly trustProxy?: number | readonly string[] | undefined
  /** for a proxy that can send files */
  readonly handOff?: HandOffOptions | undefined
  readonly access: AccessOptions['mode']
  /** sites whose pages may read lists, in addition to Stremio's own */
  readonly corsOrigins: readonly string[]
  /** what proves the owner */
  readonly owner: Pick<OwnerOptions, 'password' | 'token'>
  readonly version: string
  /** identifies this self-streme among others that it may ask */
  readonly instance: string
}

export interface HttpParts {
  readonly addon: Addon
  readonly openMedia: OpenMedia
  readonly admin: Admin
  readonly library: Library
  readonly predownloads: Pick<Guesses, 'list' | 'stop'>
  readonly cache: CacheOverview
  readonly explainStreams: ExplainStreams
}

export interface HttpServer extends AsyncDisposable {
  readonly port: number
}

/** Opens the HTTP port; disposing of it closes all connections. */
export async function startServer(options: HttpOptions, parts: HttpParts, log: Log): Promise<HttpServer> {
  const { publicUrl, trustProxy, handOff, access, owner, corsOrigins, version, instance } = options
  const app = express()
  app.disable('x-powered-by').disable('etag')
  app.set('trust proxy', typeof trustProxy === 'number' ? trustProxy : [...(trustProxy ?? [])])

  const trustsProxy = app.get('trust proxy fn') as TrustsProxy
  const baseUrlOf = baseUrls(publicUrl, trustsProxy)
  const publicPath = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')
  const answerError = errorAnswerer(trustsProxy, log)
  const places = new StreamPlaces({
    clock: () => performance.now(),
    waitingForMemory: () => sliceMemory.waiting,
  })
  const streams = streamRoutes(
    parts.openMedia,
    handOffTo(handOff, trustsProxy),
    places,
    trustsProxy,
    answerError,
    log,
  )
  const guard = accessGuard(
    { mode: access, publicUrl },
    trustProxy === undefined ? undefined : trustsProxy,
    gatewayReader(),
  )
  const onlyOwner = ownerGuard({ ...owner, publicUrl }, trustsProxy, log)

  const origins = originsWith(corsOrigins)
  app.use(openTo(origins))
  app.use((req, _res, next) => {
    guard(req)
    next()
  })
  // Before the addon's routes, which would match a file named "….json".
  app.use(STREAMS, (req, res) => {
    openToAll(res)
    guardVideo(req)
    return streams.answer(req, res, req.url)
  })
  app.use(adminRoutes(onlyOwner, parts.admin))
  app.use(apiRoutes(onlyOwner, parts.library, parts.predownloads, parts.cache, parts.explainStreams))
  app.use(landingRoutes(version, baseUrlOf))
  app.use(posterRoutes(parts.addon))
  app.use(addonRoutes(parts.addon, baseUrlOf, instance, listGuard(origins)))
  app.use((_req, res) => {
    res.status(404).json({ error: 'Not found', message: 'Nothing at this address; see / for how to begin.' })
  })
  const onError: ErrorRequestHandler = (error, req, res, _next) => answerError(error, req, res)
  app.use(onError)

  const server = createServer(REQUEST_LIMITS, (req, res) => {
    try {
      checkHeaderCount(req)
      boundHeaders(req)
      toOriginForm(req)
      takePrefixOff(req, publicPath, trustsProxy)
      // Not through Express, which would take a third of the time of a short range request.
      if (!req.url?.startsWith(`${STREAMS}/`)) return app(req, res)
      openToAll(res)
      guard(req)
      guardVideo(req)
      void streams.answer(req, res, req.url.slice(STREAMS.length))
    } catch (error) {
      answerError(error, req, res)
    }
  })
  limitPipelining(server)
  limitConnections(server, mostConnections(handleLimit()), trustsProxy, streams.isIdleOn, log)
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  log.info(`self-streme ${version} listens on http://${options.host}:${port}`)
  log.info(`Open ${publicUrl ?? `http://127.0.0.1:${port}`} to install the addon in Stremio`)
  return {
    port,
    async [Symbol.asyncDispose]() {
      places[Symbol.dispose]()
      server.close()
      server.closeAllConnections()
      if (server.listening) await once(server, 'close')
      // Connections are closed by now; a stream that does not end must not block the stop.
      await Promise.race([streams.idle(), sleep(IDLE_MS, undefined, { ref: false })])
    },
  }
}
