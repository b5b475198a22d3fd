import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SETTINGS } from '../../src/config/config.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

test('the table of settings in README names every setting, and no other', () => {
  const rows = [...readme.matchAll(/^\| `([A-Z_]+)` \| (.+?) \|/gm)].map(([, name = '', shown = '']) => [
    name,
    shown,
  ])
  expect(rows.map(([name]) => name).toSorted()).toEqual(Object.keys(SETTINGS.shape).toSorted())
})

test('the defaults that README shows are the real ones', () => {
  const shown = [...readme.matchAll(/^\| `([A-Z_]+)` \| `([^`]+)` \|/gm)].map(([, name, value]) => [
    name,
    value,
  ])
  expect(SETTINGS.parse(Object.fromEntries(shown))).toEqual(SETTINGS.parse({}))
})
