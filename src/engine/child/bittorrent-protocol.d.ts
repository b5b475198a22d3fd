/** The parts of bittorrent-protocol 5.0.9 that are used. Names with `_` are not public API; a contract test checks them. */
declare module 'bittorrent-protocol' {
  import type { Duplex } from 'node:stream'

  export default class Wire extends Duplex {
    /** such as `tcpIncoming` and `utpOutgoing` */
    readonly type: string
    readonly peerChoking: boolean
    /** bytes of pieces */
    readonly downloaded: number
    readonly peerPieces: {
      /** bytes; pieces beyond are not stored */
      grow?: number
      get(piece: number): boolean
      set(piece: number, isThere: boolean): void
    }
    /** in hex */
    readonly peerId: string
    amInterested: boolean
    readonly extendedHandshake: object
    /** absent while it has not been sent */
    _extendedHandshakeSent?: boolean
    _sendExtendedHandshake(): void
    readonly peerExtendedHandshake: { readonly reqq?: unknown }
    /** Adds bytes to the measure; returns bytes per second. */
    downloadSpeed: (received?: number) => number
    interested(): void
    uninterested: () => void
    bitfield: (bits: { readonly buffer: Uint8Array } | Uint8Array) => void
    haveAll: () => void
    haveNone: () => void
    request(
      piece: number,
      offset: number,
      length: number,
      done: (error: Error | null, chunk: Uint8Array | null) => void,
    ): void
    have(piece: number): void
    _push(message: Uint8Array): boolean
    readonly remoteAddress?: string
    readonly remotePort?: number
    cancel(piece: number, offset: number, length: number): void
    _parse(size: number, parser: (buffer: Uint8Array) => void): void
    _onMessageLength(buffer: Uint8Array): void
    _onMessage(buffer: Uint8Array): void
    // Wrapped or read by the guards.
    constructor(type?: string, encryption?: number)
    readonly hasFast: boolean
    readonly amChoking: boolean
    readonly peerRequests: PeerRequest[]
    piece(piece: number, offset: number, block: Uint8Array): void
    /** Takes a request out of a list. */
    _pull(requests: PeerRequest[], piece: number, offset: number, length: number): PeerRequest | null
    /** our extensions by number */
    extendedMapping: Readonly<Record<number, string>>
    readonly peerExtensions: { readonly extended?: boolean }
    readonly _readableState: { readonly buffered: number }
    readonly _parser: unknown
    readonly _parserSize: number
    readonly _encryptor: {
      readonly constructor: { readonly prototype: object }
      readonly dh: object
      decrypt(data: Uint8Array): Uint8Array
    } | null
    _buffer: Uint8Array[]
    _bufferSize: number
    use(extension: ExtensionClass): void
    reject(piece: number, offset: number, length: number): void
    _write(data: Uint8Array, done: (error?: Error | null) => void): void
    _processBuffer(): void
    /** for tests only */
    setInfoHash(infoHash: string): void
    _onHandshake(infoHash: Uint8Array, peerId: Uint8Array, extensions: object): void
    _onHave(piece: number): void
    _onRequest(piece: number, offset: number, length: number): void
    _onExtended(id: number, buffer: Uint8Array): void
  }

  export interface PeerRequest {
    readonly piece: number
    readonly offset: number
    readonly length: number
  }

  export type ExtensionClass = { readonly prototype: { readonly name: string } }
}
