import { expect, test } from 'vitest'
import { slowestExpression, slowestParser, UNTESTED_EXPRESSIONS } from '../support/hostile-text.ts'
import { readSource } from '../support/source-code.ts'
import { NO_PARSERS, PARSERS, PARSERS_OF_SHORT } from '../support/text-parsers.ts'

/** Long enough that quadratic cost takes too long; tests/long uses ten times as much. */
const LONGEST = 10_000
/** Where text from strangers is parsed. Elsewhere are paths of our own disk, and text made here. */
const PARTS =
  /^(?:lib|domain|sources|http|engine|admin|library|observe|addon)\/|^storage\/torrent-file$|^downloads\/selected-files$/

const source = readSource()
const functions = source
  .filter(({ name }) => PARTS.test(name))
  .flatMap((file) => file.functions.map((name) => `${file.name}#${name}`))

test('each function that takes text is tested with hostile text, or has a reason why not', () => {
  const listed = [PARSERS, PARSERS_OF_SHORT, NO_PARSERS].flatMap((list) => Object.keys(list))
  expect(functions.length).toBeGreaterThan(100)
  expect(functions.filter((name) => !listed.includes(name))).toEqual([])
  // Two that are called with headers under another name are tested too.
  const gone = listed.filter((name) => !functions.includes(name))
  expect(gone).toEqual(['http/conditions#isNotModified'])
  expect(listed.length).toBe(new Set(listed).size)
})

test('each regular expression is tested with hostile text, or has a reason why not', () => {
  const names = source
    .filter(({ regularExpressions }) => regularExpressions.length > 0)
    .map(({ name }) => name)
  expect(Object.keys(UNTESTED_EXPRESSIONS).filter((name) => !names.includes(name))).toEqual([])
  expect(source.flatMap(({ regularExpressions }) => regularExpressions).length).toBeGreaterThan(150)
})

/** Files that build regular expressions, and the parser that uses all of theirs. */
const MAKERS = {
  'domain/choice/film': 'domain/choice/choose-file#chooseFile',
  'domain/names/library-name': 'domain/names/library-name#readLibraryName',
  'domain/names/extras': 'domain/names/extras#isExtra',
  'domain/names/number-rules': 'domain/names/name-numbers#readNumbers',
  'domain/names/rough-title': 'domain/names/rough-title#roughTitle',
  'domain/names/technical-words': 'domain/names/technical-words#hideTechnical',
  'domain/names/release-name': 'domain/names/release-name#parseReleaseName',
}

test('regular expressions built at run time are tested through their users', () => {
  const makers = source
    .filter(({ makesRegularExpressions }) => makesRegularExpressions)
    .map(({ name }) => name)
  expect(makers.toSorted()).toEqual(Object.keys(MAKERS).toSorted())
  expect(Object.values(MAKERS).filter((name) => !(name in PARSERS || name in PARSERS_OF_SHORT))).toEqual([])
})

test.for(
  source
    .filter(({ name }) => !(name in UNTESTED_EXPRESSIONS))
    .filter((file) => file.regularExpressions.length > 0),
)('no text keeps the regular expressions of $name busy', { timeout: 120_000 }, (file) => {
  expect(slowestExpression(file, LONGEST)).toBeUndefined()
})

test.for(Object.entries(PARSERS))(
  'no text keeps parser %s busy',
  { timeout: 120_000 },
  async ([, parser]) => {
    expect(await slowestParser(parser, LONGEST)).toBeUndefined()
  },
)

test.for(Object.entries(PARSERS_OF_SHORT))(
  'no short text keeps parser %s busy',
  { timeout: 120_000 },
  async ([, [most, parser]]) => {
    expect(await slowestParser(parser, most)).toBeUndefined()
  },
)
