import { afterEach, expect, test, vi } from 'vitest'
import { createLog, type Log, type LogOptions } from '../../../src/observe/log.ts'
import { keepOutput } from '../../support/kept-output.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** The output on stdout after something was logged. */
function written(options: Partial<LogOptions>, write: (log: Log) => void): string {
  const text = keepOutput()
  write(createLog({ level: 'debug', format: 'text', ...options }))
  vi.restoreAllMocks()
  return text()
}

test('an event is one line: level, message, fields', () => {
  const text = written({}, (log) => {
    log.info('torrent removed', { infoHash: 'abc', freedBytes: 5, why: 'idle for long' })
    log.error('no disk')
  })
  expect(text).toBe('info: torrent removed infoHash=abc freedBytes=5 why="idle for long"\nerror: no disk\n')
})

test.for([
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
] as const)('at level %s, %j are logged', ([level, expected]) => {
  const text = written({ level }, (log) => {
    for (const each of ['error', 'warn', 'info', 'debug'] as const) log[each]('event')
  })
  expect(text.match(/^\w+(?=:)/gm)).toEqual(expected)
})

test.for(['text', 'json'] as const)('as %s, fields with secret names are hidden', (format) => {
  const text = written({ format }, (log) => {
    log.info('event', {
      password: 's3cret',
      adminPassword: 's3cret',
      Authorization: 's3cret',
      token: 's3cret',
      api_key: 's3cret',
      apiKey: 's3cret',
      clientSecret: 's3cret',
      infoHash: 'abc',
    })
  })
  expect(text).not.toContain('s3cret')
  expect(text.match(/\*\*\*/g)).toHaveLength(7)
  expect(text).toContain('abc')
})

test.for(['text', 'json'] as const)('as %s, text from strangers cannot forge a second event', (format) => {
  const text = written({ format }, (log) => {
    log.info('name\ninfo: forged', { name: 'a\r\ninfo: forged\u001b[2J', 'key\n': 1 })
  })
  expect(text.trimEnd()).not.toMatch(/\p{Cc}/u)
})

test('a control character is logged as its number', () => {
  expect(written({}, (log) => log.info('a\u001b[2J\u009bb\u007f'))).toBe('info: a\\u001b[2J\\u009bb\\u007f\n')
})

test.for(['text', 'json'] as const)(
  'as %s, direction marks and other invisible letters are escaped',
  (format) => {
    const text = written({ format }, (log) => log.info('event', { name: 'a\u202egpj.exe\u2028\ufeff\ud800' }))
    expect(text).toContain('a\\u202egpj.exe\\u2028\\ufeff\\ud800')
  },
)

test.for(['text', 'json'] as const)('as %s, overlong text is cut quickly', { timeout: 10_000 }, (format) => {
  // Each of these keeps a regular expression busy for minutes when it is matched against all of the text.
  const long = [
    'a.'.repeat(500_000),
    `?${'a-'.repeat(500_000)}`,
    'http://a'.repeat(200_000),
    ' '.repeat(1_000_000),
  ]
  const text = written({ format }, (log) => {
    for (const each of long) {
      log.info(each, { name: each, error: new Error(each), list: Array(10_000).fill(each), [each]: 1 })
      log.info('event', { [each.slice(0, 5_000)]: { [each]: [each, { each }] } })
    }
  })
  expect(text.length).toBeGreaterThan(8 * 1_000)
  expect(text.length).toBeLessThan(8 * 20_000)
  if (format === 'json') for (const line of text.trim().split('\n')) JSON.parse(line)
})

test('cutting a URL does not reveal its secret', () => {
  const url = `${'a'.repeat(985)} http://user:s3cretpassword@host/`
  expect(written({}, (log) => log.info('event', { reason: url }))).not.toContain('s3c')
})

test('as JSON an event is one object with its time', () => {
  const text = written({ format: 'json' }, (log) => log.warn('event', { n: 1, name: 'a b' }))
  expect(text).toMatch(/\}\n$/)
  expect(JSON.parse(text)).toEqual({
    level: 'warn',
    message: 'event',
    n: 1,
    name: 'a b',
    timestamp: expect.any(String),
  })
})

test('text that could be read as two fields is quoted', () => {
  expect(written({}, (log) => log.info('event', { a: 'x b=y', c: '', d: '"' }))).toBe(
    'info: event a="x b=y" c="" d="\\""\n',
  )
})

test.for(['text', 'json'] as const)(
  'as %s, a message that looks like a format keeps its fields',
  (format) => {
    const text = written({ format }, (log) => log.info('%s %d %j of 100%', { name: 'a', count: 5 }))
    if (format === 'text') expect(text).toBe('info: %s %d %j of 100% name=a count=5\n')
    else expect(JSON.parse(text)).toMatchObject({ message: '%s %d %j of 100%', name: 'a', count: 5 })
  },
)

const CIRCULAR: { self?: object } = {}
CIRCULAR.self = CIRCULAR

test.for([
  ['a bigint', 5n, '5'],
  ['a bigint inside', { bytes: 5n }, { bytes: '5' }],
  ['an error', new Error('no disk'), 'no disk'],
  ['an error inside', { cause: new TypeError('no disk') }, { cause: 'no disk' }],
  ['what holds itself', CIRCULAR, '[object Object]'],
] as const)('as text, %s is logged as a readable value', ([, value, expected]) => {
  const text = written({}, (log) => log.warn('event', { value }))
  expect(text).toBe(`warn: event value=${JSON.stringify(expected)}\n`)
})

test.for([
  ['a bigint', 5n, '5'],
  ['a bigint inside', { bytes: 5n }, { bytes: '5' }],
  ['an error', new Error('no disk'), 'no disk'],
  ['an error inside', { cause: new TypeError('no disk') }, { cause: 'no disk' }],
] as const)('as JSON, %s is logged as a readable value', ([, value, expected]) => {
  const text = written({ format: 'json' }, (log) => log.warn('event', { value }))
  expect(JSON.parse(text)).toMatchObject({ level: 'warn', message: 'event', value: expected })
})

test.for(['text', 'json'] as const)('as %s, secrets inside fields and links are hidden', (format) => {
  const text = written({ format }, (log) => {
    log.info('GET /films?token=s3cret', {
      request: { headers: [{ Authorization: 's3cret', accept: 'abc' }] },
      url: 'http://a.org/announce?x=def&api_key=s3cret&y=ghi',
      error: new Error('no answer from http://a.org/?password=s3cret'),
      proxy: 'http://me:s3cret@a.org:8080',
      words: 'http://a.org apikey=s3cret',
    })
  })
  expect(text).not.toContain('s3cret')
  expect(text).toMatch(/abc.*def.*ghi/)
})

test('as JSON, control characters are escaped and can be parsed back', () => {
  const name = 'a\u001b[2J\u007f\u0085\u009bb'
  const text = written({ format: 'json' }, (log) => log.info(name, { name }))
  expect(text.trimEnd()).not.toMatch(/\p{Cc}/u)
  expect(JSON.parse(text)).toMatchObject({ message: name, name })
})

test.for(['text', 'json'] as const)(
  'as %s, a field cannot replace the level or message of the event',
  (format) => {
    const fields = { message: 'forged', level: 'error', timestamp: '1970', n: 1 }
    const text = written({ format }, (log) => log.info('event', fields))
    if (format === 'text') expect(text).toBe('info: event message=forged level=error timestamp=1970 n=1\n')
    else {
      expect(JSON.parse(text)).toMatchObject({ level: 'info', message: 'event', n: 1 })
      expect(text).not.toContain('1970')
    }
  },
)

test('as JSON, a field that cannot be serialised does not lose the event', () => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const text = written({ format: 'json' }, (log) => log.warn('event', { circular, infoHash: 'abc' }))
  expect(JSON.parse(text)).toMatchObject({ level: 'warn', message: 'event', infoHash: 'abc' })
})
