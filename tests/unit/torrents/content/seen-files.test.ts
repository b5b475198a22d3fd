import type { Stats } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { fileIdOf } from '../../../../src/files/file-id.ts'
import { type FileChange, SeenFiles } from '../../../../src/torrents/content/seen-files.ts'

const AT = 10_000
const OURS = stats(1, AT)
const OTHER = stats(2, AT)

/** A file by its number, last changed at some time. */
function stats(ino: number, ctimeMs: number): Stats {
  return { dev: 1, ino, ctimeMs, birthtimeMs: 0 } as Stats
}

let seen: SeenFiles
beforeEach(() => {
  seen = new SeenFiles()
})

const see = (file: Stats) => seen.see(0, fileIdOf(file), file.ctimeMs)
const seeEngines = (file: Stats) => seen.seeEngines(0, fileIdOf(file), file.ctimeMs)

test('a file that nobody saw is the one to read, whichever it is', () => {
  expect(seen.isCurrent(0, fileIdOf(OURS))).toBe(false)
  expect(see(OURS)).toBe(true)
  expect(seen.isCurrent(0, fileIdOf(OURS))).toBe(true)
})

test('another file in its place is noticed once, and is the one to read from then on', () => {
  see(OURS)
  expect([see(OTHER), see(OTHER)]).toEqual([false, true])
  expect([seen.isCurrent(0, fileIdOf(OURS)), seen.isCurrent(0, fileIdOf(OTHER))]).toEqual([false, true])
})

test('a copy that was announced is no other file; the next one is', () => {
  see(OURS)
  seen.expectCopy(0, fileIdOf(OTHER))
  expect(see(OTHER)).toBe(true)
  expect(see(stats(3, 0))).toBe(false)
})

test('what the engine writes counts only in the file that is read', () => {
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([false, false])
  seeEngines(OURS)
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([true, false])
  see(OTHER)
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([false, true])
  seeEngines(OTHER)
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([true, false])
  seen.lose(0)
  expect([seen.isEngines(0), seen.isEngineElsewhere(0)]).toEqual([false, true])
})

/** What was seen of a file at {@link AT}, and who may write to it. */
const BEFORE = {
  'not seen yet': () => undefined,
  'only announced': () => seen.expectCopy(0, fileIdOf(OTHER)),
  'seen by us': () => void see(OURS),
  'open in the engine': () => void seeEngines(OURS),
  'being written': () => {
    seeEngines(OURS)
    seen.noteWrote(0, AT, true)
  },
  'open in an engine that has ended': () => {
    seeEngines(OURS)
    seen.noteWrote(0, AT, true)
    seen.noteEnded()
  },
  'open in the engine, in place of another one': () => {
    seeEngines(OTHER)
    see(OURS)
    seen.noteWrote(0, AT + 5, false)
  },
} as const satisfies Record<string, () => void>

const FOUND = {
  'as it was': OURS,
  'changed just after': stats(1, AT + 0.001),
  'changed long after': stats(1, AT + 1e6),
  'another one': OTHER,
  gone: undefined,
} as const

const TABLE = {
  'not seen yet': {
    'as it was': 'same',
    'changed just after': 'same',
    'changed long after': 'same',
    'another one': 'same',
    gone: 'same',
  },
  'only announced': {
    'as it was': 'same',
    'changed just after': 'same',
    'changed long after': 'same',
    'another one': 'same',
    gone: 'same',
  },
  'seen by us': {
    'as it was': 'same',
    'changed just after': 'changed',
    'changed long after': 'changed',
    'another one': 'replaced',
    gone: 'gone',
  },
  'open in the engine': {
    'as it was': 'same',
    'changed just after': 'unsure',
    'changed long after': 'unsure',
    'another one': 'replaced',
    gone: 'gone',
  },
  'being written': {
    'as it was': 'same',
    'changed just after': 'unsure',
    'changed long after': 'unsure',
    'another one': 'replaced',
    gone: 'gone',
  },
  'open in an engine that has ended': {
    'as it was': 'same',
    'changed just after': 'changed',
    'changed long after': 'changed',
    'another one': 'replaced',
    gone: 'gone',
  },
  'open in the engine, in place of another one': {
    'as it was': 'same',
    'changed just after': 'changed',
    'changed long after': 'changed',
    'another one': 'replaced',
    gone: 'gone',
  },
} as const satisfies Record<keyof typeof BEFORE, Record<keyof typeof FOUND, FileChange>>

const CASES = (Object.keys(BEFORE) as (keyof typeof BEFORE)[]).flatMap((before) =>
  (Object.keys(FOUND) as (keyof typeof FOUND)[]).map((found) => ({ before, found })),
)

test.for(CASES)('a file that was $before and is found $found', ({ before, found }) => {
  BEFORE[before]()
  expect(seen.compare(0, FOUND[found])).toBe(TABLE[before][found])
})

test.for([
  ['seen by us', 'same'],
  ['open in the engine', 'unsure'],
] as const)('a change of a file that was %s is reported, and then %s', ([before, second]) => {
  BEFORE[before]()
  seen.compare(0, stats(1, AT + 7))
  expect(seen.compare(0, stats(1, AT + 7))).toBe(second)
  seen.noteChanged(0, stats(1, AT + 7))
  expect(seen.compare(0, stats(1, AT + 7))).toBe('same')
})

test('what the engine has written until it says so is no change; what follows may be one', () => {
  seeEngines(OURS)
  seen.noteWrote(0, AT + 7, true)
  expect(seen.isWriting(0)).toBe(true)
  expect([seen.compare(0, stats(1, AT + 3)), seen.compare(0, stats(1, AT + 7))]).toEqual(['same', 'same'])
  expect(seen.compare(0, stats(1, AT + 8))).toBe('unsure')
  seen.noteWrote(0, AT + 8, false)
  expect([seen.compare(0, stats(1, AT + 8)), seen.isWriting(0)]).toEqual(['same', false])
  seen.noteEnded()
  expect(seen.compare(0, stats(1, AT + 9))).toBe('changed')
})

test('a file that the engine opens is compared with what was seen of it', () => {
  expect(seeEngines(OURS)).toBe('same')
  expect(seeEngines(OURS)).toBe('same')
  seen.noteWrote(0, AT + 5, true)
  expect(seeEngines(stats(1, AT + 5))).toBe('same')
  expect(seen.isWriting(0)).toBe(false)
  expect(seeEngines(stats(1, AT + 6))).toBe('changed')
  expect(seen.compare(0, stats(1, AT + 6))).toBe('same')
  expect(seeEngines(OTHER)).toBe('replaced')
  seen.expectCopy(0, fileIdOf(stats(3, 0)))
  expect(seeEngines(stats(3, AT + 99))).toBe('same')
})

test('what the engine writes to another file says nothing of this one', () => {
  seeEngines(OTHER)
  see(OURS)
  seen.noteWrote(0, AT + 5, true)
  expect([seen.isWriting(0), seen.compare(0, stats(1, AT + 5))]).toEqual([false, 'changed'])
})
