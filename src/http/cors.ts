import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import type { Origins } from './origins.ts'
import { refuseMethod } from './refuse-method.ts'

/** Lets pages of certain sites, such as Stremio's own, read the answers, errors included. Not for owner routes. */
export function openTo(origins: Origins): RequestHandler {
  return (req, res, next) => {
    if (!/^\/(admin|api)(\/|$)/i.test(req.path)) {
      if (!origins.areAll) res.vary('Origin')
      const origin = req.get('origin')
      if (origins.areAll) allow(res, '*')
      else if (origin !== undefined && origins.allow(origin)) allow(res, origin)
    }
    next()
  }
}

/** Players on pages of every site may read videos. */
export function openToAll(res: ServerResponse): void {
  allow(res, '*')
}

function allow(res: ServerResponse, origin: string): void {
  res.setHeader('Access-Control-Allow-Origin', origin)
  res.setHeader('Access-Control-Expose-Headers', 'Content-Range, Content-Length, Accept-Ranges')
}

/** Answers preflight requests, and other methods than these with 405. */
export function answerMethods(methods: string): RequestHandler {
  return (req, res, next) => {
    if (!answeredByMethod(methods, req, res)) next()
  }
}

/** As a plain function. @returns whether the request was answered */
export function answeredByMethod(methods: string, req: IncomingMessage, res: ServerResponse): boolean {
  if (req.method === 'OPTIONS') {
    res.setHeader('Access-Control-Allow-Methods', methods)
    res.setHeader('Access-Control-Allow-Headers', 'Range, Content-Type, Authorization')
    res.setHeader('Access-Control-Max-Age', '86400')
    res.statusCode = 204
    res.end()
    return true
  }
  if (methods.split(', ').includes(req.method ?? '')) return false
  refuseMethod(methods, res)
  return true
}
