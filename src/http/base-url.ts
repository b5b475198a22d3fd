import type { Request } from 'express'

/**
 * How the client reaches us, without a slash at the end: what the links in answers begin with.
 *
 * @param publicUrl - the user's own word, which counts most
 */
export function baseUrlOf(req: Request, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
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
