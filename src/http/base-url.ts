import type { Request } from 'express'
import type { TrustsProxy } from './client-address.ts'
import { forwardedPrefix } from './mount-path.ts'

/** How the client reaches us, without a slash at the end: what the links in answers begin with. */
export type BaseUrlOf = (req: Request) => string

/** @param publicUrl - the user's own word, which counts most */
export function baseUrls(publicUrl: string | undefined, trustsProxy: TrustsProxy): BaseUrlOf {
  return publicUrl === undefined
    ? (req) => originOf(req) + forwardedPrefix(req, trustsProxy)
    : () => publicUrl
}

function originOf(req: Request): string {
  // Both come from forwarding headers only where a trusted proxy set them; a proxy may pass on what it was sent.
  const protocol = req.protocol === 'https' ? 'https' : 'http'
  const host = (req.host as string | undefined) ?? ''
  const isPlain = /^([a-z0-9]([\w.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d+)?$/i.test(host)
  return `${protocol}://${isPlain && URL.canParse(`http://${host}`) ? host : addressOf(req)}`
}

function addressOf({ socket }: Request): string {
  const { localAddress = '127.0.0.1', localPort } = socket
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}
