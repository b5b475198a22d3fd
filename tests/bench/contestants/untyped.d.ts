/** The part that we use of packages without types. */
declare module 'peerflix' {
  import type { EventEmitter } from 'node:events'
  import type { AddressInfo } from 'node:net'

  export default function peerflix(
    magnet: string,
    options: {
      connections: number
      dht: boolean
      peerPort: number
      path: string | undefined
      tmp: string | undefined
    },
  ): { server: EventEmitter & { address(): AddressInfo } }
}

declare module 'send' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export default function send(
    request: IncomingMessage,
    path: string,
  ): { pipe(response: ServerResponse): void }
}
