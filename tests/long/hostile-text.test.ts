import { expect, test } from 'vitest'
import { slowestExpression, slowestParser, UNTESTED_EXPRESSIONS } from '../support/hostile-text.ts'
import { readSource } from '../support/source-code.ts'
import { PARSERS } from '../support/text-parsers.ts'

// The test of tests/unit with texts ten times as long.
const LONGEST = 100_000

test.for(readSource().filter(({ name }) => !(name in UNTESTED_EXPRESSIONS)))(
  'no text keeps the regular expressions of $name busy',
  { timeout: 600_000 },
  (file) => {
    expect(slowestExpression(file, LONGEST)).toBeUndefined()
  },
)

test.for(Object.entries(PARSERS))(
  'no text keeps parser %s busy',
  { timeout: 600_000 },
  async ([, parser]) => {
    expect(await slowestParser(parser, LONGEST)).toBeUndefined()
  },
)
