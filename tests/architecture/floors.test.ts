import { cruise } from 'dependency-cruiser'
import { expect, test } from 'vitest'
import { floorRules } from './floors.ts'

test('every floor looks only downward, and every package has one door', async () => {
  const { output } = await cruise(['src', 'manifest'], {
    ...floorRules.options,
    ruleSet: { forbidden: floorRules.forbidden ?? [] },
    validate: true,
  })
  if (typeof output === 'string') throw new Error(output)

  // With a TypeScript it cannot use, dependency-cruiser reads nothing and finds nothing wrong.
  const seen = output.modules.map(({ source }) => source)
  expect(seen).toContain('src/engine/child/webtorrent-adapter.ts')
  expect(seen.filter((source) => source.startsWith('src/')).length).toBeGreaterThan(50)
  const imports = output.modules.flatMap(({ dependencies }) => dependencies)
  for (const name of ['webtorrent', 'express', 'winston', 'ua-parser-js']) {
    expect(imports.some(({ resolved }) => resolved.includes(`node_modules/${name}/`))).toBe(true)
  }
  expect(output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`)).toEqual([])
})
