import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import express, { type ErrorRequestHandler, type Express } from 'express'
import type { Addon } from '../addon/addon.ts'
import { sliceMemory } from '../files/read-slices.ts'
import type { Log } from '../observe/log.ts'
import type { OpenMedia } from '../streaming/open-media.ts'
import { type AccessGuard, type AccessOptions, accessGuard } from './access-guard.ts'
import { addonRoutes } from './addon-routes.ts'
import { type Admin, adminRoutes } from './admin-routes.ts'
import { type ApiParts, apiRoutes } from './api-routes.ts'
import { baseUrls } from './base-url.ts'
import type { TrustsProxy } from './client-address.ts'
import { openTo, openToAll } from './cors.ts'
import { guardVideo, listGuard } from './cross-site.ts'
import { type AnswerError, errorAnswerer } from './error-handler.ts'
import { gatewayReader } from './gateways.ts'
import { type HandOffOptions, handOffTo } from './hand-off.ts'
import { boundHeaders } from './header-lengths.ts'
import { landingRoutes } from './landing-routes.ts'
import { takePrefixOff } from './mount-path.ts'
import { originsWith } from './origins.ts'
import { type OwnerOptions, ownerGuard } from './owner-guard.ts'
import { posterRoutes } from './poster-routes.ts'
import { checkHeaderCount, checkHost } from './request-limits.ts'
import { toOriginForm } from './request-target.ts'
import { StreamPlaces } from './stream-places.ts'
import { type StreamRoutes, streamRoutes } from './stream-routes.ts'

const IDLE_MS = 1_000
const STREAMS = '/stream/proxy'

export interface RequestOptions {
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

/** What the routes call. */
export interface RequestParts extends ApiParts {
  readonly addon: Addon
  readonly openMedia: OpenMedia
  readonly admin: Admin
}

/** Answers all requests; disposing of it waits up to a second for streams to end. */
export interface RequestHandler extends AsyncDisposable {
  answer(req: IncomingMessage, res: ServerResponse): void
  readonly trustsProxy: TrustsProxy
  /** Whether the client reads nothing of the video that is being sent on a connection. */
  isIdleOn(socket: Socket): boolean
}

/** What both ways of a request have in common: through Express, and past it. */
interface Gate {
  readonly streams: StreamRoutes
  readonly guard: AccessGuard
  readonly trustsProxy: TrustsProxy
  readonly answerError: AnswerError
}

export function requestHandler(options: RequestOptions, parts: RequestParts, log: Log): RequestHandler {
  const { publicUrl, trustProxy, handOff, access } = options
  const app = express()
  app.disable('x-powered-by').disable('etag')
  app.set('trust proxy', typeof trustProxy === 'number' ? trustProxy : [...(trustProxy ?? [])])

  const trustsProxy = app.get('trust proxy fn') as TrustsProxy
  const publicPath = publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, '')
  const answerError = errorAnswerer(trustsProxy, log)
  const places = new StreamPlaces({
    clock: () => performance.now(),
    waitingForMemory: () => sliceMemory.waiting,
  })
  const { openMedia } = parts
  const handsOff = handOffTo(handOff, trustsProxy)
  const streams = streamRoutes({ openMedia, handOff: handsOff, places, trustsProxy, answerError }, log)
  const believed = trustProxy === undefined ? undefined : trustsProxy
  const guard = accessGuard({ mode: access, publicUrl }, believed, gatewayReader())
  addRoutes(app, options, parts, { streams, guard, trustsProxy, answerError, log })

  return {
    trustsProxy,
    isIdleOn: streams.isIdleOn,
    answer(req, res) {
      try {
        checkHost(req, res)
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
    },
    async [Symbol.asyncDispose]() {
      places[Symbol.dispose]()
      // Connections are closed by now; a stream that does not end must not block the stop.
      await Promise.race([streams.idle(), sleep(IDLE_MS, undefined, { ref: false })])
    },
  }
}

/** Adds the routes, in the order in which they are matched. */
function addRoutes(
  app: Express,
  { publicUrl, owner, corsOrigins, version, instance }: RequestOptions,
  parts: RequestParts,
  { streams, guard, trustsProxy, answerError, log }: Gate & { readonly log: Log },
): void {
  const baseUrlOf = baseUrls(publicUrl, trustsProxy)
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
  app.use(apiRoutes(onlyOwner, parts))
  app.use(landingRoutes(version, baseUrlOf))
  app.use(posterRoutes(parts.addon))
  app.use(addonRoutes(parts.addon, baseUrlOf, instance, listGuard(origins)))
  app.use((_req, res) => {
    res.status(404).json({ error: 'Not found', message: 'Nothing at this address; see / for how to begin.' })
  })
  const onError: ErrorRequestHandler = (error, req, res, _next) => answerError(error, req, res)
  app.use(onError)
}
