import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isOwnPath, parsePathPrefix, withoutPrefix } from '../../../src/domain/path-prefix.ts'

test.for([
  ['/streme', '/streme'],
  ['/streme/', '/streme'],
  ['streme', '/streme'],
  ['/media/self-streme_2', '/media/self-streme_2'],
  ['/v1.2/~user', '/v1.2/~user'],
  ['', ''],
  ['/', ''],
  ['//', ''],
] as const)('%j is the path prefix %j', ([text, expected]) => {
  expect(parsePathPrefix(text)).toBe(expected)
})

test.for([
  '//evil.example',
  '/\\evil.example',
  '/a//b',
  '/a/../b',
  '/..',
  '/.hidden',
  '/a/.',
  '/a b',
  '/a\tb',
  '/a\r\nSet-Cookie: x',
  '/a?b',
  '/a#b',
  '/a:b',
  '/@evil.example',
  '/a"><script>alert(1)</script>',
  "/a'onclick=x",
  '/a&amp;',
  '/a;b',
  '/%2e%2e',
  '/a,b',
  'https://evil.example',
  'javascript:alert(1)',
  '/фільми',
  `/${'a'.repeat(200)}`,
])('%j is not a path prefix', (text) => {
  expect(parsePathPrefix(text)).toBeUndefined()
})

test.for([
  ['/streme/manifest.json', '/manifest.json'],
  ['/streme/', '/'],
  ['/streme', '/'],
  ['/streme?x', '/?x'],
  ['/streme/streme/a', '/streme/a'],
  ['/manifest.json', '/manifest.json'],
  ['/stremes/manifest.json', '/stremes/manifest.json'],
  ['/a/streme/b', '/a/streme/b'],
  ['/', '/'],
] as const)('path %s without the prefix /streme is %s', ([target, rest]) => {
  expect(withoutPrefix(target, '/streme')).toBe(rest)
})

test('a prefix that begins like one of our own addresses is never removed', () => {
  for (const prefix of ['/proxy', '/stream', '/auto/x', '/api'])
    expect(withoutPrefix(`${prefix}/manifest.json`, prefix)).toBe(`${prefix}/manifest.json`)
})

test('every route of the server is recognised as one of our own addresses', () => {
  const folder = new URL('../../../src/http/', import.meta.url)
  const sources = readdirSync(folder).filter((name) => /(routes|server)\.ts$/.test(name))
  const literals = sources.flatMap((name) =>
    [
      ...readFileSync(new URL(name, folder), 'utf8')
        .replace(/^\s*\/\/.*$/gm, '')
        .matchAll(/['`](\/[a-z][^'`\s]*)['`]/g),
    ].map(([, path = '']) => path),
  )
  expect(literals.length).toBeGreaterThan(10)
  expect(literals.filter((path) => !isOwnPath(path))).toEqual([])
  for (const mode of ['auto', 'proxy', 'magnet', 'both', 'proxy.v1.res=720'])
    expect(isOwnPath(`/${mode}/x`)).toBe(true)
  for (const prefix of ['/streme', '/films', '/stremio/api', '/streams'])
    expect(isOwnPath(prefix)).toBe(false)
})
