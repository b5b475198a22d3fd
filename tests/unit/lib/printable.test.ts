import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'
import { print, table } from '../../../src/cli/print.ts'
import { printableLine, printableText } from '../../../src/lib/printable.ts'
import { terminal } from '../../../src/observe/terminal.ts'

const SOURCE = new URL('../../../src/', import.meta.url)
/** Everything in Unicode's control, format and separator categories, and lone surrogates. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u
/** Invisible alone and needed: the joiners of Persian and emoji, and signs in Arabic numbers. */
const HARMLESS = /\u200c|\u200d|[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2]|[\u{110bd}-\u{1d17a}]/u

const everyLetter = Array.from({ length: 0x11_0000 }, (_, code) => String.fromCodePoint(code))
const dangerous = everyLetter.filter((letter) => UNSEEN.test(letter) && !HARMLESS.test(letter))

afterEach(() => {
  vi.restoreAllMocks()
})

function printed(stream: 'stdout' | 'stderr', write: () => void): string {
  let text = ''
  vi.spyOn(process[stream], 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  write()
  return text
}

test('invisible letters are never printed', () => {
  expect(dangerous.length).toBeGreaterThan(2_000)
  expect(dangerous.filter((letter) => printableLine(`a${letter}b`).includes(letter))).toEqual([])
  expect(
    dangerous.filter((letter) => letter !== '\n' && printableText(`a${letter}b`).includes(letter)),
  ).toEqual([])
})

test.for(['Größe – 日本語.mkv', 'می‌خواهم', '👨‍👩‍👧 film ❤️', 'a\u0301 \\u001b'])(
  '"%s" is printed as it is',
  (text) => {
    expect(printableLine(text)).toBe(text)
  },
)

test('JSON has the same meaning after it is made printable', () => {
  const answer = { name: dangerous.join('x'), list: ['a\nb', 5] }
  const text = printed('stdout', () => print(true, answer, []))
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}\u202e\u2066]/u)
  expect(JSON.parse(text)).toEqual(answer)
})

test('a name cannot start another line or shift a table', () => {
  const name = 'a\r\n\u001b[2Jb\u009b\u202e'
  expect(printed('stdout', () => print(false, {}, [name, 'c'])).split('\n')).toHaveLength(3)
  const [heading, first, second] = table([
    ['NAME', 'SIZE'],
    [name, '5'],
    ['ab', '6'],
  ])
  expect(first?.indexOf('5')).toBe(heading?.indexOf('SIZE'))
  expect(second?.indexOf('6')).toBe(heading?.indexOf('SIZE'))
})

test('errors and progress are made printable', () => {
  const text = printed('stderr', () => {
    terminal.error('a\u001b]0;title\u0007b\n')
    terminal.showStatus('a\u001b[2Jb\nc')
    terminal.clearStatus()
  })
  expect(text).toBe('a\\u001b]0;title\\u0007b\n\ra\\u001b[2Jb\\u000ac\x1b[K\r\x1b[K')
})

test('the terminal module is the only place that prints', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const printing = files.filter((name) =>
    /process\.std(?:out|err)\.write\((?!'')|\bconsole\.(?!_)\w/.test(
      readFileSync(new URL(name, SOURCE), 'utf8'),
    ),
  )
  // The log escapes by itself: see its own tests.
  expect(printing).toEqual(['observe/terminal.ts'])
})
