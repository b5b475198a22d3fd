import type { IncomingMessage } from 'node:http'
import { isPublicHost } from '../domain/clients/public-host.ts'
import { SelfStremeError } from '../domain/errors.ts'
import {
  bare,
  clientOf,
  isClientUntold,
  isDirect,
  isForwarded,
  isFromPrivateNetwork,
  isOfThisMachine,
  type TrustsProxy,
} from './client-address.ts'
import type { IsGateway } from './gateways.ts'

export interface AccessOptions {
  readonly mode: 'lan' | 'open'
  /** how devices reach the server: its name counts as our own */
  readonly publicUrl?: string | undefined
}

/** Throws for a request that must not be answered. */
export type AccessGuard = (req: IncomingMessage) => void

/**
 * Lets in those that `ACCESS` lets in. An address alone never makes an owner (`owner-guard.ts`).
 *
 * @param trustsProxy - absent: forwarding headers are not believed at all
 * @throws SelfStremeError `access.denied`, saying which setting lets the request in
 */
export function accessGuard(
  { mode, publicUrl }: AccessOptions,
  trustsProxy: TrustsProxy | undefined,
  isGateway: IsGateway,
): AccessGuard {
  const ownName = publicUrl === undefined ? undefined : new URL(publicUrl).hostname
  return (req) => {
    if (mode === 'open') return
    const reason = reasonNotLan(req, trustsProxy, isGateway, ownName)
    if (reason !== undefined) throw new SelfStremeError('access.denied', reason)
  }
}

function reasonNotLan(
  req: IncomingMessage,
  trustsProxy: TrustsProxy | undefined,
  isGateway: IsGateway,
  ownName: string | undefined,
): string | undefined {
  if (isForwarded(req) && !trustsProxy)
    return 'This request came through a proxy. Set TRUST_PROXY to the address of your proxy, so that the server can see who asks.'
  const trusts = trustsProxy ?? (() => false)
  if (isClientUntold(req, trusts))
    return 'This request came through a proxy that does not say for whom. Make it send X-Forwarded-For, and TRUST_PROXY name its address.'
  if (!isFromPrivateNetwork(req, trusts))
    return 'This server answers only devices in its own network. Set ACCESS=open to let in everybody who knows its address.'

  const client = clientOf(req, trusts)
  const name = hostNameOf(req)
  const isPublic = name !== undefined && isPublicHost(name)
  // From these addresses forwarders, tunnels and container networks connect for clients that they hide.
  if (isOfThisMachine(req, client) || isGateway(bare(client))) {
    if (isPublic)
      return `This request asks for the public name "${name}", but comes from this machine or its gateway: a proxy, a tunnel or a container network hides who asks. Set TRUST_PROXY to the address of a proxy that sends X-Forwarded-For, or ACCESS=open to let in everybody.`
    // nginx with proxy_pass alone asks for the address of the server itself, in HTTP/1.0.
    if (name !== undefined && req.httpVersion === '1.0' && isDirect(req, trusts))
      return 'This request came in HTTP/1.0, as from a proxy that hides who asks. Make the proxy send X-Forwarded-For and set TRUST_PROXY to its address, or set ACCESS=open to let in everybody.'
    return undefined
  }
  // A page may have made its own name lead to this network, to read the answers as its own (DNS rebinding).
  if (isPublic && isDirect(req, trusts) && name !== ownName && !isAddress(name))
    return `This server does not know "${name}" as a name of its own. Set PUBLIC_URL to the address that devices use.`
  return undefined
}

/** @returns `undefined` for a request that names no host, or none that could be one */
function hostNameOf({ headers }: IncomingMessage): string | undefined {
  const name = headers.host === undefined ? '' : (URL.parse(`http://${headers.host}`)?.hostname ?? '')
  return /^([\w-]+(\.[\w-]+)*\.?|\[[\da-f:.]+\])$/.test(name) ? name : undefined
}

function isAddress(name: string): boolean {
  return name.startsWith('[') || /^[\d.]+$/.test(name)
}
