import { type ErrorRequestHandler, json, type RequestHandler, Router, raw } from 'express'
import type { ExplainStreams } from '../addon/explain-streams.ts'
import type { CacheOverview } from '../admin/cache-overview.ts'
import type { OwnerTorrents } from '../admin/torrents.ts'
import { type ErrorCode, messageOf, SelfStremeError } from '../domain/errors.ts'
import type { Guesses } from '../downloads/guesses.ts'
import { printableText } from '../lib/printable.ts'
import { MAX_TORRENT_FILE_BYTES } from '../storage/torrent-file.ts'
import { invalid, readAddition, readFlag, readInfoHash, readQuestion } from './api-requests.ts'
import { goneSignal } from './gone-signal.ts'
import { onlyMethods } from './only-methods.ts'

const MAX_JSON_LENGTH = '64kb'

/** What programs may ask about. */
export interface ApiParts {
  readonly library: OwnerTorrents
  readonly predownloads: Pick<Guesses, 'list' | 'stop'>
  readonly cache: CacheOverview
  readonly explainStreams: ExplainStreams
}

/**
 * `/api/…`: the owner's torrents and the cache, for programs. For the owner only, and as in the admin routes, no page
 * of another site can read the answers.
 */
export function apiRoutes(onlyOwner: RequestHandler, parts: ApiParts): Router {
  const router = Router({ strict: true })
  // For every path, known or not, and before the body is read.
  router.use('/api', onlyOwner, (_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    // Answers contain names chosen by strangers, and people view them with curl.
    res.json = (body) => res.type('json').send(printableText(JSON.stringify(body)))
    next()
  })
  addTorrents(router, parts.library)
  addPredownloads(router, parts.predownloads)
  addCache(router, parts.cache)
  addExplanation(router, parts.explainStreams)
  router.use('/api', onBadBody)
  return router
}

function addTorrents(router: Router, library: OwnerTorrents): void {
  onlyMethods(router, '/api/torrents', {
    async get(_req, res) {
      res.json({ torrents: await library.list() })
    },
    post: [
      json({ limit: MAX_JSON_LENGTH }),
      raw({ type: 'application/x-bittorrent', limit: MAX_TORRENT_FILE_BYTES }),
      async (req, res) => {
        const entry = await library.add(await readAddition(req.body, req.query))
        res.status(entry.state === 'whole' ? 200 : 202).json(entry)
      },
    ],
  })
  onlyMethods(router, '/api/torrents/:infoHash', {
    async get(req, res) {
      res.json(await library.get(readInfoHash(req.params.infoHash)))
    },
    async delete(req, res) {
      const infoHash = readInfoHash(req.params.infoHash)
      const withData = readFlag('data', req.query.data, true)
      res.json(await (withData ? library.remove(infoHash) : library.release(infoHash)))
    },
  })
  onlyMethods(router, '/api/torrents/:infoHash/pin', {
    async put(req, res) {
      res.json(await library.pin(readInfoHash(req.params.infoHash)))
    },
    async delete(req, res) {
      res.json(await library.unpin(readInfoHash(req.params.infoHash)))
    },
  })
}

function addPredownloads(router: Router, predownloads: ApiParts['predownloads']): void {
  onlyMethods(router, '/api/predownloads', {
    async get(_req, res) {
      res.json({ predownloads: await predownloads.list() })
    },
    async delete(_req, res) {
      res.json(await predownloads.stop())
    },
  })
  onlyMethods(router, '/api/predownloads/:infoHash', {
    async delete(req, res) {
      res.json(await predownloads.stop(readInfoHash(req.params.infoHash)))
    },
  })
}

function addCache(router: Router, cache: CacheOverview): void {
  onlyMethods(router, '/api/cache', {
    async get(_req, res) {
      res.json(await cache.overview())
    },
  })
  onlyMethods(router, '/api/cache/explain', {
    async get(_req, res) {
      res.json(await cache.explain())
    },
  })
}

function addExplanation(router: Router, explain: ExplainStreams): void {
  onlyMethods(router, '/api/explain/stream/:type/:id', {
    async get(req, res) {
      const { type, id } = req.params as { type: string; id: string }
      const why = await explain({ type, id, ...readQuestion(req.query) }, goneSignal(res))
      if (!why) throw invalid(`"${id.slice(0, 80)}" is not ${expectedId(type)}`)
      res.json(why)
    },
  })
}

const onBadBody: ErrorRequestHandler = (error, _req, _res, next) => {
  const { type, code } = (error ?? {}) as { type?: unknown; code?: unknown }
  const refuse = (as: ErrorCode, what: string) =>
    next(new SelfStremeError(as, `${what}: ${messageOf(error)}`, { cause: error }))
  if (type === 'entity.parse.failed') return refuse('request.invalid', 'the body is not JSON')
  // The codes of zlib.
  if (String(code).startsWith('Z_'))
    return refuse('request.invalid', 'the body is not compressed as Content-Encoding says')
  if (type === 'encoding.unsupported')
    return refuse('request.unsupported', 'expected Content-Encoding to be gzip, deflate, br or absent')
  if (type === 'charset.unsupported')
    return refuse('request.unsupported', 'expected the charset of JSON to be utf-8')
  next(error)
}

function expectedId(type: string): string {
  return type === 'movie' ? 'a movie id (expected tt1234567)' : 'an episode id (expected tt1234567:1:2)'
}
