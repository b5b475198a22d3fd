import { expect, test } from 'vitest'
import { lengthsOf, lengthsOfSources } from './lengths.ts'

const found = lengthsOfSources()

test('the sources are found and measured', () => {
  expect(found.fileCount).toBeGreaterThan(250)
})

test.for([
  ['no file has more than 250 lines', 'files'],
  ['no function has more than 60 lines without a reason above it (// long: …)', 'functions'],
  ['no function has more than four positional parameters', 'parameters'],
] as const)('%s', ([, kind]) => {
  expect(found[kind]).toEqual({})
})

test('an overlong file, function or parameter list is found wherever it is', () => {
  const body = '  call()\n'.repeat(60)
  const text = [
    `export function plain() {\n${body}}`,
    `const arrow = (): void => {\n${body}}`,
    `class Some {\n  constructor(a, b, c, d, e) {}\n  method() {\n${body}}\n}`,
    'interface Port {\n  get(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6): void\n}',
  ].join('\n')
  expect(lengthsOf('x.ts', text)).toEqual({
    files: {},
    functions: { 'x.ts plain': 62, 'x.ts arrow': 62, 'x.ts method': 62 },
    parameters: { 'x.ts new Some': 5, 'x.ts get': 6 },
  })
  expect(lengthsOf('x.ts', 'call()\n'.repeat(251)).files).toEqual({ 'x.ts': 251 })
  expect(lengthsOf('x.ts', 'call()\n'.repeat(250)).files).toEqual({})
})

test('only a reason right above a function allows it to be long', () => {
  const long = `function long() {\n${'  call()\n'.repeat(60)}}`
  const isTooLong = (above: string) =>
    Object.keys(lengthsOf('x.ts', `${above}\n${long}`).functions).length > 0
  expect(isTooLong('// long: one step after the other, in the order of the protocol')).toBe(false)
  expect(isTooLong('/** What it does. */\n// long: one step after the other, in order')).toBe(false)
  expect(isTooLong('// long: it is')).toBe(true)
  expect(isTooLong('// long: one step after the other, in order\n')).toBe(true)
  expect(isTooLong('/** What it does. */')).toBe(true)
})
