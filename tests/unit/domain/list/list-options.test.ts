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

test.for(['', 'stream', 'manifest', 'Auto', 'autobahn', 't', '.v1'])(
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

test('default options need no segment', () => {
  expect(writeListOptions(ALL)).toBeUndefined()
})
