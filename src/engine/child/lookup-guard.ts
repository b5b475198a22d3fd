import dgram, { type Socket } from 'node:dgram'
import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import net, { isIP, type NetConnectOpts } from 'node:net'
import tls from 'node:tls'
import { promisify } from 'node:util'
import type { TrackerEndpoint } from '../../domain/bittorrent/tracker-url.ts'
import { isPublicAddress } from '../../domain/clients/public-host.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { StrangerNames } from './stranger-names.ts'

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address?: string | LookupAddress[],
  family?: number,
) => void

/** The addresses of a host. @throws Error with a `code`, as `dns.lookup` does */
export type Lookup = (endpoint: TrackerEndpoint) => Promise<readonly LookupAddress[]>

/**
 * Controls the lookup of tracker names. Strangers choose them (`?tr=` in a link), so they are looked up separately from
 * those in the settings, which never wait for them, and may only resolve to public addresses. The check is part of the
 * connection, so nothing can change between check and connect.
 *
 * The only other names are those of DHT routers; peers have addresses.
 *
 * Call it before webtorrent is loaded.
 *
 * @param nameServers - for the names of strangers, in place of the system's
 */
export function installLookupGuard(own: OwnTrackers, nameServers?: readonly string[]): Lookup {
  const systemLookup = dns.lookup
  const fromSystem = promisify(systemLookup) as (
    host: string,
    options: LookupOptions,
  ) => Promise<LookupAddress[]>
  const strangers = new StrangerNames({
    servers: nameServers,
    systemLookup: (name) => fromSystem(name, { all: true }),
  })

  /** One lookup at a time for each name: a slow name takes one thread, however often it is used. */
  const asking = new Map<string, Promise<readonly LookupAddress[]>>()
  function askSystem(host: string): Promise<readonly LookupAddress[]> {
    const known = asking.get(host)
    if (known !== undefined) return known
    const asked = fromSystem(host, { all: true }).finally(() => asking.delete(host))
    asking.set(host, asked)
    return asked
  }

  const lookup: Lookup = async (endpoint) => {
    const { host } = endpoint
    if (!own.isAt(endpoint)) return onlyPublic(host, await strangers.lookup(host))
    const found = await askSystem(host)
    own.noteAddresses(
      endpoint,
      found.map(({ address }) => address),
    )
    return found
  }
  guardNames(askSystem)
  guardConnections(lookup)
  guardDatagrams(lookup)
  return lookup
}

/** Lookups without a connection. */
function guardNames(fromSystem: (host: string) => Promise<readonly LookupAddress[]>): void {
  const guarded = lookupFunction(async (host) => {
    const found = await fromSystem(host)
    return isIP(host) ? found : onlyPublic(host, found)
  })
  dns.lookup = guarded as typeof dns.lookup
}

/** HTTP and WebSocket trackers: fetch and ws both go through these. */
function guardConnections(lookup: Lookup): void {
  for (const module of [net, tls] as const) {
    const { connect } = module
    module.connect = ((...args: [NetConnectOpts, ...unknown[]]) => {
      const [options, ...rest] = args
      const { host, port } = options as { host?: string; port?: number | string }
      if (typeof options !== 'object' || host === undefined || isIP(host)) {
        return Reflect.apply(connect, module, args)
      }
      const endpoint = { transport: 'tcp', host: withoutDot(host), port: Number(port) } as const
      return Reflect.apply(connect, module, [
        { ...options, lookup: lookupFunction(() => lookup(endpoint)) },
        ...rest,
      ])
    }) as typeof connect
  }
}

/** UDP trackers. */
function guardDatagrams(lookup: Lookup): void {
  const { createSocket } = dgram
  dgram.createSocket = (...args: unknown[]) => {
    const socket = Reflect.apply(createSocket, dgram, args) as Socket
    const send = socket.send.bind(socket) as (...args: unknown[]) => void
    socket.send = (...message: unknown[]) => {
      // (bytes, offset, length, port, host, done), or the same without offset and length
      const at = typeof message[3] === 'number' ? 4 : 2
      const host = message[at]
      if (typeof host !== 'string' || isIP(host)) return send(...message)
      const done = message[at + 1]
      const endpoint = { transport: 'udp', host: withoutDot(host), port: Number(message[at - 1]) } as const
      lookup(endpoint)
        .then((found) => {
          const chosen = found.find(({ family }) => family === 4)?.address
          if (chosen === undefined) throw new Error(`${host} has no IPv4 address`)
          send(...message.with(at, chosen))
        })
        .catch((error: Error) => {
          if (typeof done === 'function') done(error)
          // As Node does. A closed socket may have no listeners.
          else if (socket.listenerCount('error') > 0) socket.emit('error', error)
        })
    }
    return socket
  }
}

/** In the form that `net` and `dns` expect. */
function lookupFunction(find: (host: string) => Promise<readonly LookupAddress[]>) {
  return (host: string, options: LookupOptions | number | LookupCallback, done?: LookupCallback): void => {
    const callback = typeof options === 'function' ? options : done
    const { family = 0, all = false } =
      typeof options === 'object' ? options : { family: typeof options === 'number' ? options : 0 }
    const wanted = Number(String(family).replace('IPv', ''))
    find(host)
      .then((found) => {
        const fitting = found.filter((each) => wanted === 0 || each.family === wanted)
        const [first] = fitting
        if (!first) throw Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' })
        if (all) process.nextTick(() => callback?.(null, fitting))
        else process.nextTick(() => callback?.(null, first.address, first.family))
      })
      .catch((error: Error) => process.nextTick(() => callback?.(error)))
  }
}

function onlyPublic(host: string, found: readonly LookupAddress[]): readonly LookupAddress[] {
  if (found.every(({ address }) => isPublicAddress(address))) return found
  throw Object.assign(new Error(`${host} is a private host`), { code: 'EACCES' })
}

function withoutDot(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}
