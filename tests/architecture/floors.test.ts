import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import ts from 'typescript'
import { expect, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { DOORS, FLOORS, floorRules, WITHOUT_DOOR } from './floors.ts'

test('every import follows the floors, and every package has one door', async () => {
  const { output } = await cruise(['src', 'manifest'], {
    ...floorRules.options,
    ruleSet: { forbidden: floorRules.forbidden ?? [] },
    validate: true,
  })
  if (typeof output === 'string') throw new Error(output)

  // With a TypeScript version it cannot use, dependency-cruiser reads nothing and finds no violation.
  const seen = output.modules.map(({ source }) => source)
  expect(seen).toContain('src/engine/child/webtorrent-adapter.ts')
  expect(seen.filter((source) => source.startsWith('src/')).length).toBeGreaterThan(50)
  const imports = output.modules.flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => ({ source, resolved })),
  )
  for (const [name, door] of Object.entries(DOORS)) {
    const importers = imports.filter(({ resolved }) => resolved.includes(`node_modules/${name}/`))
    for (const path of door.split('|^').map((each) => new RegExp(each.replace(/^\^?/, '^'))))
      expect(
        importers.some(({ source }) => path.test(source)),
        `${name} through ${path}`,
      ).toBe(true)
  }
  expect(output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([])
})

test('for each dependency there is a door, or a reason why it needs none', () => {
  const decided = [...Object.keys(DOORS), ...Object.keys(WITHOUT_DOOR)]
  expect(decided.toSorted()).toEqual(Object.keys(packageJson.dependencies).toSorted())
})

test('each room is on one floor, and every room named by a floor exists', () => {
  const rooms = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(FLOORS.flat().toSorted()).toEqual(rooms.map(({ name }) => name).toSorted())
})

test('domain uses no timer and no clock, and has no side effects on import', () => {
  const files = readdirSync('src/domain', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  expect(files.length).toBeGreaterThan(50)
  for (const name of files) {
    const text = readFileSync(join('src/domain', name), 'utf8')
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node)) expect(CLOCKS, name).not.toContain(node.text)
      if (ts.isPropertyAccessExpression(node)) expect(node.getText(), name).not.toBe('Date.now')
      ts.forEachChild(node, visit)
    }
    visit(file)
    // Module level may only have declarations; a bare call would change something elsewhere.
    const calls = file.statements.filter(ts.isExpressionStatement).map((node) => node.getText())
    expect(calls, name).toEqual([])
  }
})

const CLOCKS = ['setTimeout', 'setInterval', 'setImmediate', 'performance', 'AbortController', 'AbortSignal']
