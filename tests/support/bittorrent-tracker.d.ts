/** What we use of bittorrent-tracker 11, which ships no types. */
declare module 'bittorrent-tracker' {
  import type { EventEmitter } from 'node:events'
  import type { Server as HttpServer } from 'node:http'

  export class Server extends EventEmitter {
    constructor(options: {
      udp: boolean
      ws: boolean
      http: boolean
      stats: boolean
      /** refuses an announcement by calling back with an error */
      filter: (
        infoHash: string,
        params: Readonly<Record<string, unknown>>,
        done: (error: Error | null) => void,
      ) => void
    })
    readonly http: HttpServer
    listen(port: number, host: string): void
    close(done: () => void): void
  }
}
