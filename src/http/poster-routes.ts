import { Router } from 'express'
import type { Addon } from '../addon/addon.ts'
import { answerMethods } from './cors.ts'

/** The title may be another one later. */
const SECONDS = 3_600

/**
 * `/poster/{type}/{id}.svg`: a picture for what a catalogue has none for. Also for what is not there, as the pages of every
 * site may show pictures, and could tell from a missing one what lies on the server.
 */
export function posterRoutes(addon: Pick<Addon, 'poster'>): Router {
  const router = Router({ strict: true })
  router.all('/poster/:type/:id.svg', answerMethods('GET, HEAD, OPTIONS'), async (req, res) => {
    const { type = '', id = '' } = req.params as Record<string, string | undefined>
    res.set({
      // Opened by itself it is a document, in which nothing runs and nothing is loaded.
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': `private, max-age=${SECONDS}`,
    })
    res.type('svg').send(await addon.poster(type, id))
  })
  return router
}
