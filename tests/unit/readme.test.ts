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
  const defaults = SETTINGS.parse({})
  for (const [, name = '', shown = ''] of readme.matchAll(/^\| `([A-Z_]+)` \| `([^`]+)` \|/gm)) {
    const value = String(defaults[name as keyof typeof defaults])
    expect(value.endsWith(shown.replace(/^\.\//, '/')) || value === shown, `${name} is ${value}`).toBe(true)
  }
})
