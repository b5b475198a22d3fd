import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const RECORD = readFileSync('docs/decisions/own-helpers.md', 'utf8')

test.for(['lib', 'files'])(
  'the decision about libraries says of every helper in src/%s why it is ours, and of no other',
  (room) => {
    const [, table = ''] = RECORD.split(`| helper in \`src/${room}\` | library | why |\n`)
    const [rows = ''] = table.split('\n\n')
    const reasons = rows
      .split('\n')
      .slice(1)
      .map((row) => row.split(' | '))
    expect(reasons.filter(([, , why = '']) => why.length < 10)).toEqual([])
    const named = reasons.flatMap(([names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name))
    const helpers = readdirSync(`src/${room}`).filter(
      (name) => name.endsWith('.ts') && !name.endsWith('.d.ts'),
    )
    expect(helpers.length).toBeGreaterThan(10)
    expect(named.toSorted()).toEqual(helpers.map((name) => name.slice(0, -3)).toSorted())
  },
)
