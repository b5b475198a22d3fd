import { afterEach, expect, test, vi } from 'vitest'
import { createLog, type Log, type LogOptions } from '../../src/observe/log.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

/** What stands on stdout after something was logged. */
function written(options: Partial<LogOptions>, write: (log: Log) => void): string {
  let text = ''
  const keep = (chunk: unknown) => {
    text += String(chunk)
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(keep)
  // Where a console has a stream of its own, winston writes to that.
  const stream = (console as unknown as { _stdout?: NodeJS.WriteStream })._stdout
  if (stream && stream !== process.stdout) vi.spyOn(stream, 'write').mockImplementation(keep)
  write(createLog({ level: 'debug', format: 'text', ...options }))
  vi.restoreAllMocks()
  return text
}

test('an event is one line, the level before the message, the fields behind it', () => {
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
] as const)('at level %s, %j are written', ([level, expected]) => {
  const text = written({ level }, (log) => {
    for (const each of ['error', 'warn', 'info', 'debug'] as const) log[each]('event')
  })
  expect(text.match(/^\w+(?=:)/gm)).toEqual(expected)
})

test.for(['text', 'json'] as const)('as %s, secrets are hidden by the names of their fields', (format) => {
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

test.for(['text', 'json'] as const)('as %s, what strangers chose cannot make a second event', (format) => {
  const text = written({ format }, (log) => {
    log.info('name\ninfo: forged', { name: 'a\r\ninfo: forged\u001b[2J', 'key\n': 1 })
  })
  expect(text.trimEnd()).not.toMatch(/\p{Cc}/u)
})

test('a control character is shown as its number', () => {
  expect(written({}, (log) => log.info('a\u001b[2J\u009bb\u007f'))).toBe('info: a\\u001b[2J\\u009bb\\u007f\n')
})

test('as JSON an event is one object with the time', () => {
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

test('a text that could be read as two fields is quoted', () => {
  expect(written({}, (log) => log.info('event', { a: 'x b=y', c: '', d: '"' }))).toBe(
    'info: event a="x b=y" c="" d="\\""\n',
  )
})
