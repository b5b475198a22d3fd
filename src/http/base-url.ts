import type { Request } from 'express'
import type { TrustsProxy } from './client-address.ts'
import { forwardedPrefix } from './mount-path.ts'

/** The address by which the client reached us, without trailing slash: the prefix of links in answers. */
export type BaseUrlOf = (req: Request) => string

/** @param publicUrl - from the settings; it takes precedence */
export function baseUrls(publicUrl: string | undefined, trustsProxy: TrustsProxy): BaseUrlOf {
  return publicUrl === undefined
    ? (req) => originOf(req) + forwardedPrefix(req, trustsProxy)
    : () => publicUrl
}

function originOf(req: Request): string {
  // Express reads both from forwarding headers only if a trusted proxy set them; a proxy may still pass on invalid
  // ones.
  const protocol = req.protocol === 'https' ? 'https' : 'http'
  const host = (req.host as string | undefined) ?? ''
  const isPlain = /^([a-z0-9]([\w.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d+)?$/i.test(host)
  return `${protocol}://${isPlain && URL.canParse(`http://${host}`) ? host : addressOf(req)}`
}

function addressOf({ socket }: Request): string {
  const { localAddress = '127.0.0.1', localPort } = socket
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}
