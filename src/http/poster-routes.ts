import { Router } from 'express'
import type { Addon } from '../addon/addon.ts'
import { answerMethods } from './cors.ts'

/** Not longer, because the title may change. */
const SECONDS = 3_600

/**
 * `/poster/{type}/{id}.svg`: a picture for entries without one. Unknown ids get one too: pages of every site can load
 * pictures, and could otherwise find out what is on the server.
 */
export function posterRoutes(addon: Pick<Addon, 'poster'>): Router {
  const router = Router({ strict: true })
  router.all('/poster/:type/:id.svg', answerMethods('GET, HEAD, OPTIONS'), async (req, res) => {
    const { type = '', id = '' } = req.params as Record<string, string | undefined>
    res.set({
      // Opened by itself, an SVG is a document; it must not run scripts or load anything.
      'Content-Security-Policy': "default-src 'none'; sandbox",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': `private, max-age=${SECONDS}`,
    })
    res.type('svg').send(await addon.poster(type, id))
  })
  return router
}
