import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { boundHeaders, READ_HEADERS } from '../../../src/http/header-lengths.ts'

const HTTP = new URL('../../../src/http/', import.meta.url)
const LONG = 'a'.repeat(501)

function bounded(headers: Record<string, string>): IncomingMessage['headers'] {
  const req = { headers: { ...headers } } as unknown as IncomingMessage
  boundHeaders(req)
  return req.headers
}

test.for(['user-agent', 'sec-ch-ua'])('an overlong "%s" header is cut', (name) => {
  expect(bounded({ [name]: LONG })).toEqual({ [name]: 'a'.repeat(500) })
})

test.for(['range', 'if-range', 'if-none-match', 'if-modified-since', 'cache-control', 'x-accel-prefix'])(
  'an overlong "%s" header counts as empty',
  (name) => {
    expect(bounded({ [name]: LONG })).toEqual({ [name]: '' })
  },
)

test.for(['host', 'origin', 'authorization', 'sec-fetch-site', 'x-forwarded-for', 'x-forwarded-host'])(
  'a request with an overlong "%s" header is refused',
  (name) => {
    expect(() => bounded({ [name]: LONG })).toThrow(expect.objectContaining({ code: 'request.invalid' }))
  },
)

test('headers of 500 letters, and headers that are never read, stay as they are', () => {
  const headers = {
    ...Object.fromEntries(READ_HEADERS.map((name) => [name, 'a'.repeat(500)])),
    cookie: 'a'.repeat(4_000),
  }
  expect(bounded(headers)).toEqual(headers)
})

test('every header that the code reads is bounded', () => {
  const reads = [
    /\b(?:req|request)\.get\('([\w-]+)'\)/g,
    /\bheaders\['([\w-]+)'\]/g,
    /\bheaders\.(\w+)/g,
    /'([\w-]+)': \w+[^{}]*\} = headers\b/g,
  ]
  const found = readdirSync(HTTP)
    .map((name) => readFileSync(new URL(name, HTTP), 'utf8'))
    .flatMap((code) => reads.flatMap((pattern) => [...code.matchAll(pattern)].map(([, name]) => name)))
  expect(new Set(found).size).toBeGreaterThan(8)
  expect(found.filter((name) => !READ_HEADERS.includes(name ?? ''))).toEqual([])
})
