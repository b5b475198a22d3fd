import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLog, type LogFields, type LogLevel } from '../../../src/observe/log.ts'
import { boundRepeats } from '../../../src/observe/repeats.ts'
import { keepOutput } from '../../support/kept-output.ts'

const MINUTE = 60_000

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function listening(most = 2) {
  const events: [LogLevel, string, LogFields][] = []
  const note = boundRepeats((...event) => void events.push(event), {
    most: { error: most, warn: most, info: most, debug: most },
  })
  return { events, note }
}

test('the first events of a kind are logged at once, the rest are counted once a minute, with the main cause', () => {
  const { events, note } = listening()
  for (let n = 0; n < 1_000; n++) {
    const peer = `10.0.0.${n % 3 === 0 ? n % 100 : 7}:${n}`
    note('info', 'peer dropped', { peer, reason: `message ${n}` })
  }
  expect(events).toHaveLength(2)
  expect(events[0]).toEqual(['info', 'peer dropped', { peer: '10.0.0.0:0', reason: 'message 0' }])
  vi.advanceTimersByTime(MINUTE)
  expect(events).toHaveLength(3)
  const [level, message, fields] = events[2] ?? []
  expect([level, message]).toEqual(['info', 'peer dropped (998 more)'])
  expect(fields).toMatchObject({ withinMs: MINUTE, mostBy: '10.0.0.7', lastReason: 'message 999' })
  expect(fields?.timesAtLeast).toBeGreaterThan(500)

  note('info', 'peer dropped', { peer: '10.0.0.1:1' })
  expect(events).toHaveLength(4)
  vi.advanceTimersByTime(10 * MINUTE)
  expect(events).toHaveLength(4)
})

test('names and hashes in a message do not make it another kind', () => {
  const { events, note } = listening()
  for (let n = 0; n < 500; n++) {
    note('info', `Adding new torrent: magnet:?xt=urn:btih:${String(n).padStart(40, '0')}`, {})
    note('info', `self-streme ${n}`, {})
    note('info', `"${n}" is no info hash`, {})
  }
  vi.advanceTimersByTime(MINUTE)
  expect(events).toHaveLength(9)
  expect(events.map(([, message]) => message)).toContain('Adding new torrent (498 more)')
})

test('kinds and levels are counted separately', () => {
  const { events, note } = listening()
  for (const level of ['error', 'warn', 'info', 'debug'] as const)
    for (const message of ['a', 'b', 'c']) for (let n = 0; n < 3; n++) note(level, message, {})
  expect(events).toHaveLength(24)
})

test('the main cause is found among any number of others', () => {
  const { events, note } = listening(0)
  for (let n = 0; n < 5_000; n++) {
    note('debug', 'datagram ignored', { from: `${n >> 16}.${(n >> 8) & 255}.${n & 255}.9:53` })
    if (n % 10 === 0) note('debug', 'datagram ignored', { from: '192.0.2.1:6881' })
  }
  vi.advanceTimersByTime(MINUTE)
  expect(events[0]?.[2]).toMatchObject({ mostBy: '192.0.2.1' })
})

test.for([
  ['192.0.2.1:6881', '192.0.2.1'],
  ['::ffff:192.0.2.1:6881', '192.0.2.1'],
  ['[2001:db8:1:2::5]:6881', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::5', '2001:db8:1:2::/64'],
  ['a source', 'a source'],
] as const)('"%s" is counted as "%s"', ([peer, expected]) => {
  const { events, note } = listening(0)
  note('info', 'peer dropped', { peer })
  vi.advanceTimersByTime(MINUTE)
  expect(events[0]?.[2]).toMatchObject({ mostBy: expected, timesAtLeast: 1 })
})

test('kinds that strangers make up do not use more and more memory', () => {
  const { events, note } = listening()
  const letters = 'abcdefghijklmnopqrstuvwxyz'
  for (let n = 0; n < 5_000; n++) {
    const name = [...String(n)].map((digit) => letters[Number(digit)]).join('')
    note('warn', `${name} failed`, {})
  }
  expect(vi.getTimerCount()).toBeLessThan(400)
  vi.advanceTimersByTime(MINUTE)
  expect(events.length).toBeLessThan(1_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('the log counts repeats of any message', () => {
  const text = keepOutput()
  const log = createLog({ level: 'info', format: 'text' })
  for (let n = 0; n < 5_000; n++)
    log.warn('request failed', { client: '192.0.2.1', path: `/${n}`, code: 'torrent.failed' })
  vi.advanceTimersByTime(MINUTE)
  expect(text().trim().split('\n')).toHaveLength(11)
  expect(text()).toContain(
    'warn: request failed (4990 more) withinMs=60000 mostBy=192.0.2.1 timesAtLeast=5000',
  )
})
