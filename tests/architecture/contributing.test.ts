import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
const contributing = textOf('CONTRIBUTING.md')
const packageJson = JSON.parse(textOf('package.json')) as {
  readonly overrides: Readonly<Record<string, unknown>>
  readonly allowScripts: Readonly<Record<string, unknown>>
  readonly scripts: Readonly<Record<string, string>>
}

test.for([
  ['overrides', packageJson.overrides],
  ['allowScripts', packageJson.allowScripts],
] as const)('CONTRIBUTING.md has a reason for each entry of %s and for nothing else', ([name, entries]) => {
  const [, table = ''] = contributing.split(`\`${name}\`,`)
  const [, rows = ''] = table.split('| --- | --- |\n')
  const reasons = [...(rows.split('\n\n')[0] ?? '').matchAll(/^\| `(.+)` \| (.+) \|$/gm)]
  expect(reasons.map(([, entry]) => entry)).toEqual(Object.keys(entries))
  for (const [, , why = ''] of reasons) expect(why.length).toBeGreaterThan(10)
})

test('CONTRIBUTING.md names every Debian package that tests need', () => {
  const packages = globSync('tests/support/*.ts', { cwd: fileURLToPath(ROOT) })
    .flatMap((name) => [...textOf(name).matchAll(/isInstalled\(\s*'([^']+)'/g)])
    .map(([, name = '']) => name)
  expect(packages.length).toBeGreaterThanOrEqual(3)
  for (const name of packages) expect(contributing).toContain(`\`apt-get install ${name}\``)
})

test('every script that CONTRIBUTING.md calls exists', () => {
  const called = [...contributing.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name)
  expect(called.length).toBeGreaterThan(1)
  expect(called.filter((name) => !(name in packageJson.scripts))).toEqual([])
})

function textOf(name: string): string {
  return readFileSync(new URL(name, ROOT), 'utf8')
}
