import { describe, expect, test } from 'vitest'
import { parseReleaseName, type ReleaseName } from '../../../../src/domain/names/release-name.ts'
import table from '../../../fixtures/release-names.json' with { type: 'json' }
import { seededRandom } from '../../../support/random.ts'

/** What a name says. Fields that are not given must be absent, except the unsure ones. */
interface Row extends Partial<ReleaseName> {
  readonly name: string
  /** fields that are not checked, and why */
  readonly unsure?: Readonly<Partial<Record<keyof ReleaseName, string>>>
}

const NOTHING = parseReleaseName('')
const rows = table as readonly Row[]

describe('a release name is parsed', () => {
  test.for(rows)('$name', ({ name, unsure = {}, ...said }) => {
    const checked = (all: object) =>
      Object.fromEntries(Object.entries(all).filter(([field]) => !Object.hasOwn(unsure, field)))
    expect(checked(parseReleaseName(name))).toEqual(checked({ ...NOTHING, ...said }))
  })
})

test('an empty release name says nothing', () => {
  expect(NOTHING).toEqual({
    title: '',
    seasons: [],
    episodes: [],
    absolute: [],
    hdr: [],
    audio: [],
    languages: [],
    isMultiLanguage: false,
    isPack: false,
    isSample: false,
    isExtra: false,
  })
})

/** What breaks patterns: half brackets, long runs, signs without meaning, foreign letters. */
const ODD = [
  ...[
    '',
    ' ',
    '.',
    '_',
    '-',
    ' - ',
    '[',
    ']',
    '(',
    ')',
    '【',
    '/',
    '\\',
    '|',
    '&',
    '+',
    ',',
    '~',
    '#',
    '¤',
    '\u241e',
  ],
  ...['\0', '\n', '\u007f', '\u202e', '\u200b', '\ud800', '😀', 'é', 'ß', 'я', '語', '화', 'ع', 'ש'],
  ...[
    '0',
    '1',
    '9',
    '12 ',
    '1-',
    '01-',
    '1999 ',
    '2024.05.',
    's01',
    'S01E01',
    's01-',
    'e1',
    '1x',
    '1 of ',
    'season ',
  ],
  ...[
    'Сезон ',
    '第',
    '話',
    'ep ',
    'cap 1',
    'part ',
    'v2',
    'x264-',
    '1080p',
    'web ',
    'multi ',
    'sub ',
    '.mkv',
    'sample',
  ],
]

test('random text never makes the release name parser fail', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 3_000; round++) {
    const text = Array.from({ length: 1 + random.int(12) }, () => random.pick(ODD)).join('')
    const { seasons, episodes, absolute, title } = parseReleaseName(text)
    for (const number of [...seasons, ...episodes, ...absolute])
      expect(Number.isSafeInteger(number)).toBe(true)
    expect(typeof title).toBe('string')
  }
})

test.for([
  ...ODD.filter((each) => each !== '').map((each) => each.repeat(10_000).slice(0, 10_000)),
  `s01-${'1'.repeat(100)}`,
  `S01E01-${'9'.repeat(100)}`,
  `${'S01E'.repeat(2_500)}.mkv`,
  `${'a/'.repeat(5_000)}b.mkv`,
  'Название1'.repeat(1_200),
])('a very long release name is parsed quickly: %o', (text) => {
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now()
    parseReleaseName(text)
    return performance.now() - startedAt
  })
  expect(Math.min(...times)).toBeLessThan(100)
})

test.for([
  ['S01E01-E9999', [1]],
  ['Show E0001-E9999', [1]],
  ['Show 001-1200', Array.from({ length: 1_200 }, (_, n) => n + 1)],
] as const)('%s has no more episode numbers than a batch may have', ([name, expected]) => {
  const { episodes, absolute } = parseReleaseName(name)
  expect([...episodes, ...absolute]).toEqual(expected)
})
