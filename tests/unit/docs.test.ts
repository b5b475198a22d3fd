import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/commands.ts'
import { SETTINGS } from '../../src/config/settings.ts'
import { STATUS } from '../../src/http/error-handler.ts'
import { SETTINGS_PAGE, settingsPage } from '../support/settings-page.ts'

const root = new URL('../', SETTINGS_PAGE)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`),
]

test('docs/settings.md is the output of `npm run docs`', () => {
  expect(readFileSync(SETTINGS_PAGE, 'utf8')).toBe(settingsPage())
})

test('docs/settings.md lists every setting with its meaning', () => {
  const rows = [...settingsPage().matchAll(/^\| `([A-Z_]+)` \| .+? \| (.+) \|$/gm)]
  expect(rows.map(([, name]) => name).toSorted()).toEqual(Object.keys(SETTINGS.shape).toSorted())
  expect(rows.filter(([, , meaning = '']) => meaning === 'undefined' || meaning.length < 10)).toEqual([])
})

test.for(['README.md', 'docs/settings.md'])('the defaults shown in %s are the real ones', (path) => {
  const shown = [...read(path).matchAll(/^\| `([A-Z_]+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [
    name,
    value,
  ])
  expect(shown.length).toBeGreaterThan(2)
  expect(SETTINGS.parse(Object.fromEntries(shown))).toEqual(SETTINGS.parse({}))
})

test.for(pages)('the settings named in %s exist', (path) => {
  // Rows of a settings table, and assignments such as ACCESS=open.
  const named = [...read(path).matchAll(/^\| `([A-Z_]+)` \||`([A-Z]+(?:_[A-Z]+)*)=/gm)].map(
    ([, a, b]) => a ?? b,
  )
  const known = new Set([...Object.keys(SETTINGS.shape), 'NODE_OPTIONS'])
  expect(named.filter((name) => name !== undefined && !known.has(name))).toEqual([])
})

test('docs/api-and-cli.md lists every error code with its status', () => {
  const rows = [...read('docs/api-and-cli.md').matchAll(/^\| `([a-z]+\.[a-z_]+)` \| (\d{3}) \| \S.+ \|$/gm)]
  expect(Object.fromEntries(rows.map(([, code, status]) => [code, Number(status)]))).toEqual(STATUS)
})

test('docs/api-and-cli.md lists every command that no other page explains', () => {
  const explained = read('docs/api-and-cli.md')
  expect(COMMANDS.map(({ name }) => name).filter((name) => !explained.includes(`\`${name}`))).toEqual([])
})

test.for(pages)('links in %s lead to existing files and headings', (path) => {
  const here = new URL(path, root)
  const links = [...read(path).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
  for (const [link, file = '', anchor] of links) {
    const text = readFileSync(file === '' ? here : new URL(file, here), 'utf8')
    if (anchor !== undefined) expect(anchorsOf(text), link).toContain(anchor)
  }
})

test('README.md has at most 9,000 bytes and links to every page of docs/', () => {
  const readme = read('README.md')
  expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(9_000)
  const linked = pages.filter((path) => !readme.includes(`(${path})`) && !path.startsWith('docs/decisions/'))
  expect(linked).toEqual(['README.md'])
})

/** As GitHub makes them from headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}
