import type { RequestHandler, Router } from 'express'
import { refuseMethod } from './refuse-method.ts'

type Method = 'get' | 'post' | 'put' | 'delete'

/** Adds a path that answers certain methods, and all others with 405. */
export function onlyMethods(
  router: Router,
  path: string,
  handlers: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
): void {
  for (const [method, handler] of Object.entries(handlers)) router[method as Method](path, handler)
  const methods = Object.keys(handlers).map((method) =>
    method === 'get' ? 'GET, HEAD' : method.toUpperCase(),
  )
  router.all(path, (_req, res) => refuseMethod(methods.join(', '), res))
}
