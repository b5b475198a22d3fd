import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { handleLimit, limitConnections, mostConnections } from '../../src/http/connection-places.ts'
import { recordingLog } from '../support/recording-log.ts'

test.for([
  [1_024, 448],
  [20_000, 2_048],
  [1_048_576, 2_048],
  [Number.POSITIVE_INFINITY, 2_048],
  [256, 64],
  [64, 16],
] as const)('with %i handles there may be %i connections', ([handles, most]) => {
  expect(mostConnections(handles)).toBe(most)
})

test('the limit of handles of this process is read', () => {
  expect(handleLimit()).toBeGreaterThan(100)
})

test('when all places are taken, the client with most connections loses its oldest one without a request', async () => {
  await using server = await startServer(10)
  await using clients = new Clients(server.port)
  const others = [await clients.open('127.0.0.3'), await clients.open('127.0.0.4')]
  const greedy: Socket[] = []
  for (let n = 0; n < 8; n++) greedy.push(await clients.open('127.0.0.2'))
  greedy[0]?.write('GET /held HTTP/1.1\r\nHost: a\r\n\r\n')
  await expect.poll(() => server.held.length).toBe(1)

  const newcomers = [await clients.ask('127.0.0.5'), await clients.ask('127.0.0.6')]
  expect(newcomers).toEqual([200, 200])
  await expect.poll(() => clients.closed(greedy)).toEqual([1, 2])
  expect(clients.closed(others)).toEqual([])
})

test('when all places are taken, a new connection of the client with the most replaces one of its own', async () => {
  await using server = await startServer(4)
  await using clients = new Clients(server.port)
  const other = await clients.open('127.0.0.3')
  const greedy: Socket[] = []
  for (let n = 0; n < 6; n++) greedy.push(await clients.open('127.0.0.2'))
  await expect.poll(() => clients.closed(greedy)).toEqual([0, 1, 2])
  expect(clients.closed([other])).toEqual([])
})

test('a newcomer is refused when all clients have one connection each and wait for an answer', async () => {
  await using server = await startServer(3)
  await using clients = new Clients(server.port)
  const busy: Socket[] = []
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4']) {
    const socket = await clients.open(address)
    socket.write('GET /held HTTP/1.1\r\nHost: a\r\n\r\n')
    busy.push(socket)
  }
  await expect.poll(() => server.held.length).toBe(3)
  const refused = await clients.open('127.0.0.5')
  await expect.poll(() => clients.closed([refused])).toEqual([0])
  expect(clients.closed(busy)).toEqual([])

  // As soon as one of them stops reading its answer, it gives way.
  server.idle.add(1)
  expect(await clients.ask('127.0.0.5')).toBe(200)
  await expect.poll(() => clients.closed(busy)).toEqual([1])
})

test('a client with a private address may have 256 connections, and then loses its oldest', async () => {
  await using server = await startServer(1_000)
  await using clients = new Clients(server.port)
  const other = await clients.open('127.0.0.3')
  const own: Socket[] = []
  for (let n = 0; n < 260; n++) own.push(await clients.open('127.0.0.2'))
  await expect.poll(() => clients.closed(own)).toEqual([0, 1, 2, 3])
  expect(clients.closed([other])).toEqual([])
})

test('a trusted proxy may have all connections, and keeps them', async () => {
  await using server = await startServer(300, '127.0.0.9')
  await using clients = new Clients(server.port)
  const proxied: Socket[] = []
  for (let n = 0; n < 299; n++) proxied.push(await clients.open('127.0.0.9'))
  const first = await clients.open('127.0.0.2')
  proxied.push(await clients.open('127.0.0.9'))
  await expect.poll(() => clients.closed([first])).toEqual([0])
  expect(clients.closed(proxied)).toEqual([])
})

/** @param proxy - address of a trusted proxy */
async function startServer(most: number, proxy = '') {
  const { log } = recordingLog()
  const held: ServerResponse[] = []
  /** of the open ones, by number */
  const idle = new Set<number>()
  const server = createServer((req, res) => {
    if (req.url === '/held') held.push(res)
    else res.end('here')
  })
  const isIdleOn = (socket: Socket) => idle.has(held.findIndex((res) => res.socket === socket))
  limitConnections(server, { most, trustsProxy: (address) => address === proxy, isIdleOn }, log)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    held,
    idle,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

class Clients implements AsyncDisposable {
  readonly #port: number
  readonly #sockets: Socket[] = []
  readonly #closed = new WeakSet<Socket>()

  constructor(port: number) {
    this.#port = port
  }

  async open(from: string): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', localAddress: from })
    socket
      .on('error', () => undefined)
      .on('close', () => this.#closed.add(socket))
      .resume()
    this.#sockets.push(socket)
    await once(socket, 'connect')
    return socket
  }

  /** @returns status of an answer */
  async ask(from: string): Promise<number> {
    const socket = await this.open(from)
    let answer = ''
    socket.on('data', (bytes: Buffer) => (answer += bytes))
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await expect.poll(() => answer).toContain('here')
    return Number(answer.split(' ')[1])
  }

  /** Which of them the server has closed. */
  closed(sockets: readonly Socket[]): number[] {
    return sockets.flatMap((socket, index) => (this.#closed.has(socket) ? [index] : []))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
  }
}
