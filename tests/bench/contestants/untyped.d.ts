/** What we use of peerflix 0.39, which ships no types. */
declare module 'peerflix' {
  import type { EventEmitter } from 'node:events'
  import type { AddressInfo } from 'node:net'

  export default function peerflix(
    magnet: string,
    options: { connections: number; dht: boolean; path: string | undefined; tmp: string | undefined },
  ): { server: EventEmitter & { address(): AddressInfo } }
}
