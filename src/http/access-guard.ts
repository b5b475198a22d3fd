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
  /** the address that devices use; its host name counts as ours */
  readonly publicUrl?: string | undefined
}

/** Throws if a request must not be answered. */
export type AccessGuard = (req: IncomingMessage) => void

/**
 * Enforces `ACCESS`. An address alone never makes an owner (`owner-guard.ts`).
 *
 * @param trustsProxy - absent: forwarding headers are not trusted at all
 * @throws SelfStremeError `access.denied`, naming the setting that would let the request in
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
    return 'This request came through a proxy. Set TRUST_PROXY to the address of the proxy, so that the server can see the client.'
  const trusts = trustsProxy ?? (() => false)
  if (isClientUntold(req, trusts))
    return 'This request came through a proxy that does not name the client. Make it send X-Forwarded-For, and set TRUST_PROXY to its address.'
  if (!isFromPrivateNetwork(req, trusts))
    return 'This server answers only devices in its own network. Set ACCESS=open to answer everyone who knows its address.'

  const client = clientOf(req, trusts)
  const name = hostNameOf(req)
  const isPublic = name !== undefined && isPublicHost(name)
  // Connections from these addresses may be made by forwarders, tunnels and container networks, which hide the client.
  if (isOfThisMachine(req, client) || isGateway(bare(client))) {
    if (isPublic)
      return `This request is for the public name "${name}", but comes from this machine or its gateway: a proxy, a tunnel or a container network hides the client. Set TRUST_PROXY to the address of a proxy that sends X-Forwarded-For, or ACCESS=open to answer everyone.`
    // nginx with nothing but proxy_pass uses HTTP/1.0 and the server's own address as host.
    if (name !== undefined && req.httpVersion === '1.0' && isDirect(req, trusts))
      return 'This request came in HTTP/1.0, as from a proxy that hides the client. Make the proxy send X-Forwarded-For and set TRUST_PROXY to its address, or set ACCESS=open to answer everyone.'
    return undefined
  }
  // A page may resolve its own name to this network, to read the answers as same-origin (DNS rebinding).
  if (isPublic && isDirect(req, trusts) && name !== ownName && !isAddress(name))
    return `This server does not know the name "${name}". Set PUBLIC_URL to the address that devices use.`
  return undefined
}

/** @returns `undefined` if the request has no valid host */
function hostNameOf({ headers }: IncomingMessage): string | undefined {
  const name = headers.host === undefined ? '' : (URL.parse(`http://${headers.host}`)?.hostname ?? '')
  return /^([\w-]+(\.[\w-]+)*\.?|\[[\da-f:.]+\])$/.test(name) ? name : undefined
}

function isAddress(name: string): boolean {
  return name.startsWith('[') || /^[\d.]+$/.test(name)
}
