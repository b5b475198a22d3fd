import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { limitPipelining, MAX_WAITING } from '../../src/http/pipelining.ts'

const MIB = 1024 * 1024

test('at most four requests of one connection are handled at a time', async () => {
  const held: (() => void)[] = []
  await using server = await startServer((req, res) => void held.push(() => res.end(`answer to ${req.url}`)))
  await using client = await connectTo(server.port)
  client.socket.write(requests(0, 3_000))
  await expect.poll(() => held.length).toBe(MAX_WAITING)
  await sleep(50)
  expect(held).toHaveLength(MAX_WAITING)

  // Each answer admits one more request, and answers keep their order.
  for (let answered = 0; answered < 3_000; ) {
    expect(held.length).toBeLessThanOrEqual(MAX_WAITING)
    const now = held.splice(0).reverse()
    for (const answer of now) answer()
    answered += now.length
    if (answered < 3_000) await expect.poll(() => held.length, { interval: 1 }).toBeGreaterThan(0)
  }
  await expect.poll(() => client.received().split('answer to ').length).toBe(3_001)
  const answers = [...client.received().matchAll(/answer to \/(\d+)/g)].map(([, number]) => Number(number))
  expect(answers).toEqual(Array.from({ length: 3_000 }, (_, number) => number))
})

test.for([
  ['no host', 'GET / HTTP/1.1\r\n\r\n'],
  ['an expectation', 'GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n'],
  ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n'],
  ['chunks', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n0\r\n\r\n'],
])('at most a few MiB of requests with %s are read behind one that waits', async ([, request = '']) => {
  let waiting = 0
  await using server = await startServer(() => void waiting++)
  await using client = await connectTo(server.port)
  client.socket.write(requests(0, 1))
  await expect.poll(() => waiting).toBe(1)
  const part = Buffer.from(request.repeat(Math.ceil(MIB / request.length)))
  // As much as the system accepts.
  for (let n = 0; n < 64; n++) client.socket.write(part)
  await stable(() => client.socket.bytesWritten - client.socket.writableLength)
  await stable(() => waiting)
  expect(client.socket.writableLength).toBeGreaterThan(48 * MIB)
  expect(waiting).toBeLessThanOrEqual(MAX_WAITING)
})

describe('a request sent in pieces', () => {
  test.for([1, 2, 3, 7, 64, 1_000])(
    'of %i bytes is answered correctly, and answers keep their order',
    async (size) => {
      await using server = await startServer((req, res) => {
        const parts: Buffer[] = []
        req.on('data', (part: Buffer) => parts.push(part))
        req.on('end', () => setImmediate(() => res.end(`[${req.method} ${req.url} ${Buffer.concat(parts)}]`)))
      })
      await using client = await connectTo(server.port)
      const body = 'a\r\n\r\nb'
      const post = `POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      const chunked = `POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n${body}\r\n0\r\n\r\n`
      const round = `${requests(0, 2)}${post}${requests(2, 2)}${chunked}`
      const all = Buffer.from(round.repeat(size < 7 ? 3 : 20))
      for (let at = 0; at < all.length; at += size) {
        client.socket.write(all.subarray(at, at + size))
        if (at % 97 === 0) await new Promise(setImmediate)
      }
      const expected = [
        '[GET /0 ]',
        '[GET /1 ]',
        `[POST /body ${body}]`,
        '[GET /2 ]',
        '[GET /3 ]',
        `[POST /chunks ${body}]`,
      ]
      const rounds = size < 7 ? 3 : 20
      await expect
        .poll(() => client.received().match(/\[(GET|POST)[^\]]*\]/g))
        .toEqual(Array.from({ length: rounds }, () => expected).flat())
    },
  )
})

test('a client that does not read its answers is not read from, and gets all answers once it does', async () => {
  let asked = 0
  const answer = 'x'.repeat(100_000)
  await using server = await startServer((_req, res) => {
    asked++
    res.end(answer)
  })
  await using client = await connectTo(server.port)
  client.socket.pause()
  client.socket.write(requests(0, 400))
  await stable(() => asked)
  expect(asked).toBeLessThan(200)
  client.socket.resume()
  await expect.poll(() => asked).toBe(400)
  await expect.poll(() => client.received().length).toBeGreaterThan(400 * answer.length)
})

test('a connection that closes while requests wait leaves nothing running', async () => {
  const seen: Socket[] = []
  await using server = await startServer((req) => void seen.push(req.socket))
  await using client = await connectTo(server.port)
  client.socket.write(requests(0, 1_000))
  await expect.poll(() => seen.length).toBe(MAX_WAITING)
  client.socket.resetAndDestroy()
  // The system reports it with the next byte written.
  seen[0]?.write('x')
  await expect.poll(() => seen[0]?.destroyed).toBe(true)
  expect(seen).toHaveLength(MAX_WAITING)
})

function requests(from: number, count: number): string {
  return Array.from({ length: count }, (_, n) => `GET /${from + n} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
}

async function startServer(answer: RequestListener): Promise<{ readonly port: number } & AsyncDisposable> {
  const server = createServer(answer)
  limitPipelining(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function connectTo(
  port: number,
): Promise<{ readonly socket: Socket; received(): string } & AsyncDisposable> {
  const socket = connect(port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part)).on('error', () => undefined)
  await once(socket, 'connect')
  return {
    socket,
    received: () => Buffer.concat(parts).toString('latin1'),
    [Symbol.asyncDispose]: async () => void socket.destroy(),
  }
}

/** Resolves when a number has stopped changing. */
async function stable(value: () => number): Promise<void> {
  let last = -1
  await expect
    .poll(
      () => {
        const now = value()
        const isSame = now === last
        last = now
        return isSame
      },
      { interval: 200, timeout: 20_000 },
    )
    .toBe(true)
}
