import type { RequestHandler } from 'express'

/**
 * Lets pages of any site read the answers, as Stremio's own must, and answers their preflight requests. Methods that
 * are not named get 405.
 */
export function corsFor(methods: string): RequestHandler {
  return (req, res, next) => {
    res.set('Access-Control-Allow-Origin', '*')
    res.set('Access-Control-Expose-Headers', 'Content-Range, Content-Length, Accept-Ranges')
    if (req.method === 'OPTIONS') {
      res.set('Access-Control-Allow-Methods', methods)
      res.set('Access-Control-Allow-Headers', 'Range, Content-Type, Authorization')
      res.set('Access-Control-Max-Age', '86400')
      res.status(204).end()
    } else if (methods.split(', ').includes(req.method)) {
      next()
    } else {
      res
        .status(405)
        .set('Allow', methods)
        .json({ error: 'request.invalid', message: `This answers ${methods}.` })
    }
  }
}
