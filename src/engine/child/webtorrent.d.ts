/** The parts of webtorrent 3.0.21 that are used. Names with `_` are not public API; a contract test checks them. */
declare module 'webtorrent' {
  import type { EventEmitter } from 'node:events'
  import type { Server, Socket } from 'node:net'
  import type Wire from 'bittorrent-protocol'

  export interface Torrent extends EventEmitter {
    readonly infoHash: string
    /** the metadata that peers are given, once known */
    readonly torrentFile: Uint8Array | undefined
    readonly files: readonly { done: boolean }[]
    readonly done: boolean
    readonly ready: boolean
    readonly destroyed: boolean
    readonly downloadSpeed: number
    /** bytes sent to peers */
    readonly uploaded: number
    readonly wires: readonly Wire[]
    /** an object for each missing piece, `null` for the others */
    pieces: unknown[]
    _reservations: unknown[]
    _rarityMap: { destroy(): void } | null
    _verifyPieces: (done: (error: Error | null) => void) => void
    readonly bitfield: {
      readonly buffer: Uint8Array
      get(index: number): boolean
      set(index: number, isThere: boolean): void
    }
    /** `torrentFile`, once webtorrent has looked at it; `null` before */
    readonly metadata: Uint8Array | null
    destroy(callback?: () => void): void
    _onMetadata(metadata: unknown): Promise<void>
    readonly store: { put(piece: number, bytes: Uint8Array, done: (error: Error | null) => void): void }
    readonly pieceLength: number
    readonly lastPieceLength: number
    /** Called whenever there may be something to request. */
    _update: () => void
    _markVerified(index: number): void
    _markUnverified: (index: number) => void
    _checkDone: () => void
    _onWire(wire: Wire): void
    /** connected peers, and known ones that are not connected */
    readonly _peers: ReadonlyMap<string, TorrentPeer>
    _addIncomingPeer(peer: TorrentPeer): void
    _validAddr(address: string): boolean
    /** peers that wait to be connected to; `null` once the torrent is destroyed */
    readonly _queue: unknown[] | null
    /** Connects to the next of the queue. */
    _drain: () => void
    /** @param peer - `address:port`, or a WebRTC connection */
    addPeer: (peer: unknown, source?: string) => boolean
    readonly discovery: Discovery | null | undefined
    _startDiscovery: () => void
    /** BEP 27; absent while the metadata is not known */
    private?: boolean
    announce: readonly string[]
    readonly client: {
      lsd: boolean
      readonly utPex: boolean
      readonly _connPool: { readonly utpServer?: { connect(port: number, host: string): Socket } | null }
    }
    _addPeer: (peer: unknown, type: string, source?: string) => TorrentPeer | null
    removePeer(id: string): void
  }

  /** What parse-torrent 11.0.24 makes of a torrent file. */
  export interface ParsedTorrent {
    readonly infoHash: string
    readonly infoHashBuffer: Uint8Array
    /** must be an object; its content is not used */
    readonly info: object
    readonly name: string
    readonly announce: readonly string[]
    readonly urlList: readonly string[]
    readonly private?: boolean
    readonly files: readonly {
      readonly path: string
      readonly name: string
      readonly length: number
      readonly offset: number
    }[]
    readonly length: number
    readonly pieceLength: number
    readonly lastPieceLength: number
    /** piece hashes; webtorrent only uses the length, and maps them to other lists */
    readonly pieces: { readonly length: number; map(): unknown[] }
  }

  /** torrent-discovery 11.0.21 */
  export interface Discovery extends EventEmitter {
    readonly tracker: {
      _trackers: readonly Tracker[]
      _defaultAnnounceOpts(): object
    } | null
    lsd: (EventEmitter & { destroy(): void }) | null
    _onLSDPeer: (peer: string, infoHash: string) => void
    dht: EventEmitter | null
    _onDHTPeer: (...args: unknown[]) => void
    readonly _dhtTimeout: NodeJS.Timeout | false
    _dhtAnnounce: () => void
  }

  /** bittorrent-tracker 11.2.3 */
  export interface Tracker {
    readonly announceUrl: string
    client: TrackerClient
    setInterval: (ms?: number) => void
    announce: (options: object) => void
    destroy(done: () => void): void
    /** the id that an HTTP tracker gave us, sent back with every request */
    _trackerId?: string | Uint8Array
  }

  export interface TrackerClient {
    emit(event: string, ...args: unknown[]): boolean
  }

  /** BEP 5; `info_hash` of `get_peers` and `announce_peer` */
  export interface DhtQuery {
    readonly a?: { readonly info_hash?: Uint8Array }
  }

  /** bittorrent-dht 11.0.12, k-rpc 5.1.0, k-rpc-socket 1.11.1 */
  export interface Dht {
    readonly _rpc: {
      readonly socket: {
        query: (
          node: { readonly host: string; readonly port: number },
          message: DhtQuery,
          done?: (error: Error | null, answer: unknown, node: unknown) => void,
        ) => number | undefined
      }
    }
  }

  export interface DhtClient extends Dht, EventEmitter {
    /** Without a ping, if the id is given, in hex. */
    addNode(node: { id?: string; host: string; port: number }): void
    readonly nodes: {
      /** `seen`: when it sent us something, epoch ms */
      toArray(): readonly { id: Uint8Array; host: string; port: number; seen?: number }[]
    }
  }

  export interface TorrentPeer {
    /** address and port, but for WebRTC */
    readonly id: string
    /** `tcpIncoming`, `utpOutgoing`, … */
    readonly type: string
    /** how it was found; `undefined` for incoming ones */
    readonly source: string | null
    /** attempts to connect to it */
    retries: number
    readonly destroyed: boolean
    /** `null` while it waits to be connected to */
    readonly conn: object | null
    /** once connected */
    readonly wire: Wire | null
    destroy(error?: Error): void
  }

  /** A peer that we connect to. */
  export interface DialledPeer extends TorrentPeer {
    conn: Socket | null
    /** 1: message stream encryption */
    secure: number
    onConnect(): void
    /** Sends our handshake. */
    handshake: () => void
  }

  export default class WebTorrent extends EventEmitter {
    constructor(options: Readonly<Record<string, unknown>>)
    readonly torrentPort: number
    readonly dht: DhtClient | false
    readonly _connPool: { readonly tcpServer: Server }
    add(torrentId: string | Uint8Array | ParsedTorrent, options: Readonly<Record<string, unknown>>): Torrent
    /** for tests only, like the next one */
    seed(path: string, options: Readonly<Record<string, unknown>>): Torrent
    throttleUpload(bytesPerSecond: number): void
    destroy(callback?: (error?: Error) => void): void
  }
}
