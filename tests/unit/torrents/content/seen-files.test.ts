import type { Stats } from 'node:fs'
import { expect, test } from 'vitest'
import { fileIdOf } from '../../../../src/files/file-id.ts'
import { SeenFiles } from '../../../../src/torrents/content/seen-files.ts'

const OURS = stats(1, 0)
const OTHER = stats(2, 0)

/** A file by its number, last changed at some time. */
function stats(ino: number, ctimeMs: number): Stats {
  return { dev: 1, ino, ctimeMs, birthtimeMs: 0 } as Stats
}

/** What was seen of one file, by a clock that the test sets. */
function seenFile() {
  const clock = { now: 10_000 }
  const seen = new SeenFiles(() => clock.now)
  return { seen, clock }
}

test('a file that nobody saw is the one to read, whichever it is', () => {
  const { seen } = seenFile()
  expect(seen.isCurrent(0, fileIdOf(OURS))).toBe(false)
  expect(seen.see(0, fileIdOf(OURS))).toBe(true)
  expect(seen.isCurrent(0, fileIdOf(OURS))).toBe(true)
})

test('another file in its place is noticed once, and is the one to read from then on', () => {
  const { seen } = seenFile()
  seen.see(0, fileIdOf(OURS))
  expect([seen.see(0, fileIdOf(OTHER)), seen.see(0, fileIdOf(OTHER))]).toEqual([false, true])
  expect([seen.isCurrent(0, fileIdOf(OURS)), seen.isCurrent(0, fileIdOf(OTHER))]).toEqual([false, true])
})

test('a copy that was announced is no other file; the next one is', () => {
  const { seen } = seenFile()
  seen.see(0, fileIdOf(OURS))
  seen.expectCopy(0, fileIdOf(OTHER))
  expect(seen.see(0, fileIdOf(OTHER))).toBe(true)
  expect(seen.see(0, fileIdOf(stats(3, 0)))).toBe(false)
})

test('what the engine writes counts only in the file that is read', () => {
  const { seen } = seenFile()
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([false, false])
  seen.seeEngines(0, fileIdOf(OURS))
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([true, false])
  seen.see(0, fileIdOf(OTHER))
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([false, true])
  seen.seeEngines(0, fileIdOf(OTHER))
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([true, false])
  seen.lose(0)
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([false, true])
})

test.for([
  ['not seen yet', () => undefined, OURS, 'same'],
  ['as it was', (seen: SeenFiles) => seen.see(0, fileIdOf(OURS)), OURS, 'same'],
  ['written as the engine does', (seen: SeenFiles) => seen.see(0, fileIdOf(OURS)), stats(1, 11_000), 'same'],
  ['written later', (seen: SeenFiles) => seen.see(0, fileIdOf(OURS)), stats(1, 11_001), 'changed'],
  ['another one', (seen: SeenFiles) => seen.see(0, fileIdOf(OURS)), OTHER, 'replaced'],
  ['removed', (seen: SeenFiles) => seen.see(0, fileIdOf(OURS)), undefined, 'gone'],
  ['lost before it was seen', (seen: SeenFiles) => seen.confirm(0), undefined, 'same'],
] as const)('a file that is %s is %s', ([, before, found, expected]) => {
  const { seen } = seenFile()
  before(seen)
  expect(seen.compare(0, found)).toBe(expected)
})

test('a change is reported once, and only if it is later than the last piece that was right', () => {
  const { seen, clock } = seenFile()
  seen.see(0, fileIdOf(OURS))
  clock.now = 20_000
  expect([seen.compare(0, stats(1, 15_000)), seen.compare(0, stats(1, 15_000))]).toEqual(['changed', 'same'])
  clock.now = 30_000
  seen.confirm(0)
  expect(seen.compare(0, stats(1, 25_000))).toBe('same')
})
