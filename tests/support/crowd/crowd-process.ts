/**
 * Peers of one torrent that are useless or nearly so: `node crowd-process.ts <options as JSON>` prints their ports as
 * JSON, and runs until it is killed. All messages are delayed by the round-trip time, as from far away.
 */
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { CrowdProcessOptions } from './crowd.ts'

const [HANDSHAKE_BYTES, UNCHOKE, REQUEST, PIECE, HAVE_ALL, HAVE_NONE] = [68, 1, 6, 7, 14, 15]
const options = JSON.parse(process.argv[2] ?? '') as CrowdProcessOptions
const film = options.filmPath ? readFileSync(options.filmPath) : Buffer.alloc(0)

const kinds = {
  /** accepts the connection and says nothing */
  mute: () => undefined,
  /** has no piece, as most peers of a new film */
  empty: (socket: Socket) => greet(socket, HAVE_NONE),
  /** has everything and chokes, as a seeder with no free slot */
  choking: (socket: Socket) => greet(socket, HAVE_ALL),
  /** takes encrypted connections only */
  encrypted: (socket: Socket) => socket.on('data', (chunk) => chunk[0] === 19 && socket.destroy()),
  /** has everything and sends it slowly */
  slow: (socket: Socket) => serveSlowly(socket),
}

const ports: Record<string, number[]> = {}
for (const [kind, meet] of Object.entries(kinds)) {
  const count = options[kind as keyof typeof kinds] ?? 0
  ports[kind] = await Promise.all(Array.from({ length: count }, () => listen(meet)))
}
process.stdout.write(`${JSON.stringify(ports)}\n`)

function listen(meet: (socket: Socket) => void): Promise<number> {
  return new Promise((done) => {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => undefined)
      meet(socket)
    }).listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port))
  })
}

/** Answers the handshake with our own and sends what it has (BEP 6); passes messages on. */
function greet(socket: Socket, has: number, onMessage?: (message: Buffer) => void): void {
  let held = Buffer.alloc(0)
  let isGreeted = false
  socket.on('data', (chunk: Buffer) => {
    held = Buffer.concat([held, chunk])
    if (!isGreeted && held.length >= HANDSHAKE_BYTES) {
      isGreeted = true
      held = held.subarray(HANDSHAKE_BYTES)
      send(socket, Buffer.concat([handshake(), message(has)]))
    }
    while (isGreeted && held.length >= 4 && held.length >= 4 + held.readUInt32BE(0)) {
      const end = 4 + held.readUInt32BE(0)
      if (end > 4) onMessage?.(held.subarray(4, end))
      held = held.subarray(end)
    }
  })
}

function serveSlowly(socket: Socket): void {
  const asked: Buffer[] = []
  let timer: NodeJS.Timeout | undefined
  greet(socket, HAVE_ALL, (said) => {
    if (said[0] !== REQUEST) return
    asked.push(Buffer.from(said))
    timer ??= setTimeout(answer, everyMs())
  })
  send(socket, message(UNCHOKE))
  socket.on('close', () => clearTimeout(timer))

  function answer(): void {
    const request = asked.shift()
    timer = asked.length > 0 ? setTimeout(answer, everyMs()) : undefined
    if (!request) return
    const [piece = 0, offset = 0, length = 0] = [1, 5, 9].map((at) => request.readUInt32BE(at))
    const start = piece * options.pieceLength + offset
    send(socket, message(PIECE, [piece, offset], film.subarray(start, start + length)))
  }
}

function everyMs(): number {
  return (16_384 * 1_000) / options.slowBytesPerSecond
}

function send(socket: Socket, bytes: Buffer): void {
  setTimeout(() => socket.write(bytes), 2 * options.oneWayMs)
}

function handshake(): Buffer {
  const reserved = Buffer.of(0, 0, 0, 0, 0, 0, 0, 4)
  const peerId = Buffer.from(`-XX0001-${String(Math.random()).slice(2, 14).padEnd(12, '0')}`)
  const infoHash = Buffer.from(options.infoHash, 'hex')
  return Buffer.concat([Buffer.of(19), Buffer.from('BitTorrent protocol'), reserved, infoHash, peerId])
}

function message(id: number, numbers: readonly number[] = [], payload = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(5 + 4 * numbers.length)
  bytes.writeUInt32BE(bytes.length - 4 + payload.length)
  bytes[4] = id
  for (const [at, number] of numbers.entries()) bytes.writeUInt32BE(number, 5 + 4 * at)
  return Buffer.concat([bytes, payload])
}
