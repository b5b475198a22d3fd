import type { RequestHandler } from 'express'

/** Lets pages of any site read the answers, refusals too, as Stremio's own must; but nothing of the owner's. */
export const openToAllSites: RequestHandler = (req, res, next) => {
  if (!/^\/admin(\/|$)/i.test(req.path)) {
    res.set('Access-Control-Allow-Origin', '*')
    res.set('Access-Control-Expose-Headers', 'Content-Range, Content-Length, Accept-Ranges')
  }
  next()
}

/** Answers preflight requests; methods that are not named get 405. */
export function answerMethods(methods: string): RequestHandler {
  return (req, res, next) => {
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
