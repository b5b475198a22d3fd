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

test.for(['user-agent', 'sec-ch-ua'])('of a long "%s" the beginning is read', (name) => {
  expect(bounded({ [name]: LONG })).toEqual({ [name]: 'a'.repeat(500) })
})

test.for(['range', 'if-range', 'if-none-match', 'if-modified-since', 'cache-control', 'x-accel-prefix'])(
  'a long "%s" is there, and says nothing',
  (name) => {
    expect(bounded({ [name]: LONG })).toEqual({ [name]: '' })
  },
)

test.for(['host', 'origin', 'authorization', 'sec-fetch-site', 'x-forwarded-for', 'x-forwarded-host'])(
  'a request with a long "%s" is refused',
  (name) => {
    expect(() => bounded({ [name]: LONG })).toThrow(expect.objectContaining({ code: 'request.invalid' }))
  },
)

test('500 letters, and what nothing reads, stay as they are', () => {
  const headers = {
    ...Object.fromEntries(READ_HEADERS.map((name) => [name, 'a'.repeat(500)])),
    cookie: 'a'.repeat(4_000),
  }
  expect(bounded(headers)).toEqual(headers)
})

test('every header that is read is bounded', () => {
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
