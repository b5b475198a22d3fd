import { existsSync, globSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { skipped } from '../support/installed.ts'

const TESTS = new URL('../', import.meta.url)
const SOURCE = new URL('../../src/', import.meta.url)

/** Unit tests of no folder in `src`, and why. */
const OF_NO_FOLDER: Readonly<Record<string, string>> = {
  'docs.test.ts': 'compares docs/ and README.md with the tables in the code',
  'hostile-text.test.ts': 'looks for functions and regular expressions in every folder of src',
}

test('every unit test lies in a folder that src has too, or has a reason not to', () => {
  const files = globSync('**/*.test.ts', { cwd: fileURLToPath(new URL('unit/', TESTS)) })
  expect(files.length).toBeGreaterThan(100)
  const misplaced = files.filter((file) =>
    dirname(file) === '.' ? !(file in OF_NO_FOLDER) : !existsSync(new URL(`${dirname(file)}/`, SOURCE)),
  )
  expect(misplaced).toEqual([])
  expect(Object.keys(OF_NO_FOLDER).filter((file) => !files.includes(file))).toEqual([])
})

test('helpers of tests lie in tests/support', () => {
  const files = globSync('{unit,integration,e2e,long,long-e2e}/**/*', {
    cwd: fileURLToPath(TESTS),
    withFileTypes: true,
  })
  expect(files.length).toBeGreaterThan(100)
  const others = files.filter((file) => file.isFile() && !file.name.endsWith('.test.ts'))
  expect(others.map(({ name }) => name)).toEqual([])
})

test('a missing program is an error where CI is set, and elsewhere a line of the output', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  onTestFinished(() => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  })
  vi.stubEnv('CI', 'true')
  expect(() => skipped('tests of x', 'x is missing', 'apt-get install x')).toThrow(
    'x is missing (apt-get install x)',
  )
  vi.stubEnv('CI', undefined)
  expect(skipped('tests of x', 'x is missing', 'apt-get install x')).toBe(false)
  expect(warn.mock.calls).toEqual([['SKIPPED tests of x: x is missing (apt-get install x)']])
})
