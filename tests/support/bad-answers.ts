import type { RequestListener } from 'node:http'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'

const MIB = 1024 * 1024

/** Wrong answers of a server to a small and sensible request. */
export const BAD_ANSWERS = {
  'never answers': () => undefined,
  'sends a byte now and then': (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'application/json' })
    const drip = setInterval(() => res.write(' '), 20)
    res.once('close', () => clearInterval(drip))
  },
  'closes the connection': (req) => req.socket.destroy(),
  'breaks off in the middle': (_req, res) => {
    res.writeHead(200, { 'Content-Length': '1000' }).write('{"streams":[')
    setImmediate(() => res.destroy())
  },
  'sends 10 MB': (_req, res) => {
    Readable.from(Array.from({ length: 10 }, () => Buffer.alloc(MIB, ' '))).pipe(res)
  },
  'sends 100 MB packed into 100 KB': (_req, res) => {
    res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(PACKED)
  },
  'answers with nothing': (_req, res) => res.end(),
  'answers with a web page': (_req, res) =>
    res.writeHead(200, { 'Content-Type': 'text/html' }).end('<!DOCTYPE html><title>Hi</title><p>Hello<br>'),
  'answers with other JSON': (_req, res) =>
    res.end('[null, {"streams": 5, "meta": [], "resources": "stream"}]'),
  'answers with other XML': (_req, res) => res.end('<feed><item><attr name="infohash"/></item></feed>'),
  'answers with an XML bomb': (_req, res) => res.end(XML_BOMB),
  'answers with bytes': (_req, res) =>
    res.end(Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 256))),
  'answers with status 500': (_req, res) => res.writeHead(500).end('oops'),
  'answers with status 403': (_req, res) => res.writeHead(403).end('Forbidden'),
  'redirects to itself': (req, res) => res.writeHead(302, { Location: req.url ?? '/' }).end(),
  'redirects to a file': (_req, res) => res.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
} as const satisfies Readonly<Record<string, RequestListener>>

const PACKED = gzipSync(Buffer.alloc(100 * MIB))
const XML_BOMB = `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa">${Array.from(
  { length: 20 },
  (_, at) => `<!ENTITY a${at} "${`&a${at === 0 ? '' : at - 1};`.repeat(10)}">`,
).join('')}]><rss><channel><item><title>&a19;</title></item></channel></rss>`
