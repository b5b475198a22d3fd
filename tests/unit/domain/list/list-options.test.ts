import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  DEFAULT_LIST_OPTIONS,
  type ListOptions,
  parseListOptions,
  writeListOptions,
} from '../../../../src/domain/list/list-options.ts'

const ALL = DEFAULT_LIST_OPTIONS

test.for<readonly [string, Partial<ListOptions>]>([
  ['auto', {}],
  ['proxy', { mode: 'proxy' }],
  ['both.v1', { mode: 'both' }],
  ['auto.v1.res=1080,720', { resolutions: ['1080', '720'] }],
  ['auto.v1.res=720p,1080P', { resolutions: ['720', '1080'] }],
  ['auto.v1.res=2160,other', { resolutions: ['2160', 'other'] }],
  ['auto.v1.max=8GB', { maxBytes: 8e9 }],
  ['auto.v1.max=700mb', { maxBytes: 700e6 }],
  ['auto.v1.lang=en,DE', { languages: ['en', 'de'] }],
  ['auto.v1.not=cam,hd-ts,télésync', { excludedWords: ['cam', 'hd-ts', 'télésync'] }],
  ['auto.v1.not=हिन्दी,a\u0308on', { excludedWords: ['हिन्दी', 'äon'] }],
  ['Proxy', { mode: 'proxy' }],
  ['BOTH.V1.per=2', { mode: 'both', maxPerResolution: 2 }],
  ['auto.v1.res=1080,1080p', { resolutions: ['1080'] }],
  ['auto.v1.per=5', { maxPerResolution: 5 }],
  ['auto.v1.PER=5.Max=2TB', { maxPerResolution: 5, maxBytes: 2e12 }],
  [
    'proxy.v1.res=1080.max=4GB.lang=en.not=cam.per=3',
    {
      mode: 'proxy',
      resolutions: ['1080'],
      maxBytes: 4e9,
      languages: ['en'],
      excludedWords: ['cam'],
      maxPerResolution: 3,
    },
  ],
])('options %s are parsed', ([segment, expected]) => {
  expect(parseListOptions(segment)).toEqual({ ...ALL, ...expected })
})

test.for([
  ['auto.v2.per=5', 'expected "v1" instead of "v2"'],
  ['auto.res=1080', 'expected "v1" instead of "res=1080"'],
  [
    'auto.v1.res=1081',
    '"res=1081" is not a list of 2160, 1440, 1080, 720, 480, other, the best first (try res=1080,720)',
  ],
  ['auto.v1.max=lots', '"max=lots" is not a size in MB, GB or TB (try max=8GB)'],
  ['auto.v1.max=0GB', '"max=0GB" is not a size'],
  ['auto.v1.max=1.5GB', 'in "max=1.5GB" the dot separates two options'],
  ['auto.v1.max=1.5GB', 'write a number without a dot (try max=1500MB)'],
  [`auto.v1.not=${Array.from({ length: 31 }, (_, index) => index)}`, 'at most 30'],
  ['auto.v1.lang=english', '"lang=english" is not a list of languages in two letters each'],
  ['auto.v1.not=a b', '"not=a b" is not a list of words'],
  ['auto.v1.per=0', '"per=0" is not how many of each resolution'],
  ['auto.v1.toString=1', 'unknown option "toString=1" (expected res, max, lang, not, per)'],
  ['auto.v1.per', 'unknown option "per"'],
  ['auto.v1.', 'unknown option ""'],
  [`auto.v1.not=${'a,'.repeat(300)}`, 'it is longer than 500 characters'],
] as const)('options %s are refused with a reason', ([segment, problem]) => {
  expect(parseListOptions(segment)).toEqual({ problem: expect.stringContaining(problem) })
})

test.for(['', 'stream', 'manifest', 'Autobahn', 'autobahn', 't', '.v1'])(
  '"%s" is not an options segment',
  (segment) => {
    expect(parseListOptions(segment)).toBeUndefined()
  },
)

test.for(['auto.v1.max=8000MB', 'proxy', 'both.v1.res=720,480.lang=de.not=cam,ts.per=2'])(
  'options %s are written as they were read',
  (segment) => {
    expect(writeListOptions(parseListOptions(segment) as ListOptions)).toBe(segment)
  },
)

/** Texts that are accepted, in any case and order. */
const accepted = fc
  .record(
    {
      res: fc.array(fc.constantFrom('2160', '1440p', '1080', '1080P', '720', '480p', 'other'), {
        minLength: 1,
      }),
      max: fc
        .tuple(fc.integer({ min: 1, max: 9_999_999 }), fc.constantFrom('MB', 'GB', 'TB', 'mb', 'Gb'))
        .map(([count, unit]) => [`${count}${unit}`]),
      lang: fc.array(fc.constantFrom('en', 'DE', 'fr'), { minLength: 1 }),
      not: fc.array(fc.stringMatching(/^[\p{L}\p{M}\p{N}+-]{1,40}$/u), { minLength: 1, maxLength: 40 }),
      per: fc.integer({ min: 1, max: 99 }).map((count) => [String(count)]),
    },
    { requiredKeys: [] },
  )
  .chain((options) =>
    fc.shuffledSubarray(Object.entries(options), { minLength: Object.keys(options).length }),
  )
const segments = fc
  .tuple(fc.constantFrom('auto', 'Proxy', 'MAGNET', 'both'), accepted)
  .map(([mode, parts]) => [mode, 'v1', ...parts.map(([name, values]) => `${name}=${values}`)].join('.'))

test('what is written is read back equal, and never too long', () => {
  let count = 0
  fc.assert(
    fc.property(segments, (segment) => {
      const options = parseListOptions(segment)
      if (!options || 'problem' in options) return
      count++
      const written = writeListOptions(options)
      expect(written?.length ?? 0).toBeLessThanOrEqual(500)
      expect(written === undefined ? ALL : parseListOptions(written)).toEqual(options)
    }),
    { numRuns: 500 },
  )
  expect(count).toBeGreaterThan(100)
})

test.for([
  ['max=10TB', 'max=10000GB'],
  ['max=9999999MB', 'max=9999999MB'],
  ['max=9999999GB', 'max=9999999GB'],
  ['max=9999999TB', 'max=9999999TB'],
])('%s is written as %s', ([read, written]) => {
  expect(writeListOptions(parseListOptions(`auto.v1.${read}`) as ListOptions)).toBe(`auto.v1.${written}`)
})

test('default options need no segment', () => {
  expect(writeListOptions(ALL)).toBeUndefined()
})
