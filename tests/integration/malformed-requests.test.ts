import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerMalformed } from '../../src/http/malformed-requests.ts'
import { AS_OWNER } from '../support/owner.ts'
import { send } from '../support/send.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

let app: TestApp
beforeAll(async () => {
  app = await startTestApp()
})
afterAll(() => app[Symbol.asyncDispose]())

describe('what is not valid HTTP', () => {
  test.for([
    ['UTF-8 in the path', 'GET /é HTTP/1.1\r\nHost: a\r\n\r\n', 400, /not valid HTTP/],
    ['a space in the path', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n', 400, /not valid HTTP/],
    ['an unknown method', 'FETCH / HTTP/1.1\r\nHost: a\r\n\r\n', 400, /not valid HTTP/],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, /no Host header/],
    ['a long path', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431, /longer than 16384 bytes/],
  ] as const)(
    'is answered with JSON, and the connection is closed: %s',
    async ([, request, status, words]) => {
      const answer = await sendBytes(Number(new URL(app.url).port), request)
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
      expect(head).toMatch(/^Connection: close$/m)
      expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`)
      expect(JSON.parse(body)).toEqual({ error: 'request.invalid', message: expect.stringMatching(words) })
    },
  )

  test('HTTP/1.0 needs no Host', async () => {
    const port = Number(new URL(app.url).port)
    expect(await sendBytes(port, 'GET /manifest.json HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /)
  })

  test('is not answered in the middle of another answer', async () => {
    await using server = await startServer((_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 }).write('begun')
    })
    const socket = connect(server.port, '127.0.0.1')
    let received = ''
    socket.setEncoding('utf8').on('data', (part) => {
      received += part
      if (received.endsWith('begun')) socket.write('no request\r\n\r\n')
    })
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'close')
    expect(received).toMatch(/^HTTP\/1.1 200 .*begun$/s)
  })
})

describe('a method that an address does not answer', () => {
  test.for(['/', '/configure', '/proxy.v1.per=2/configure', '/logo.svg', '/background.svg'])(
    'gets 405 with those that it does: %s',
    async (path) => {
      const { status, headers, json } = await send(app.url + path, { method: 'POST' })
      expect([status, headers.allow, json]).toEqual([
        405,
        'GET, HEAD, OPTIONS',
        expect.objectContaining({ error: 'request.invalid' }),
      ])
      expect((await send(app.url + path)).status).toBe(200)
    },
  )

  test('gets 404 where there is nothing', async () => {
    expect((await send(`${app.url}/nothing/configure`, { method: 'POST' })).status).toBe(404)
  })
})

test.for([
  ['an unknown encoding', { 'Content-Encoding': 'zip' }, '{}', 415, 'request.unsupported', /gzip/],
  [
    'an unknown charset',
    { 'Content-Type': 'application/json; charset=x' },
    '{}',
    415,
    'request.unsupported',
    /utf-8/,
  ],
  ['no gzip', { 'Content-Encoding': 'gzip' }, '{}', 400, 'request.invalid', /not compressed as/],
  [
    'half a gzip',
    { 'Content-Encoding': 'gzip' },
    gzipSync('{}').subarray(0, 15),
    400,
    'request.invalid',
    /not compressed as/,
  ],
] as const)('a body with %s is refused with a code', async ([, headers, body, status, error, words]) => {
  const answer = await send(`${app.url}/api/torrents`, {
    method: 'POST',
    headers: { ...AS_OWNER, 'Content-Type': 'application/json', ...headers },
    body,
  })
  expect([answer.status, answer.json]).toEqual([status, { error, message: expect.stringMatching(words) }])
})

/** @returns everything that the server sends until it closes the connection */
async function sendBytes(port: number, request: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(request)
  return text(socket)
}

async function startServer(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  answerMalformed(server)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections()
    },
  }
}
