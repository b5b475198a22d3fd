import fc from 'fast-check'
import { expect, test } from 'vitest'
import { numberedFileName, safeFileNames } from '../../../../src/domain/bittorrent/file-names.ts'

function safe(...names: readonly string[]): readonly string[] {
  return safeFileNames(names.map((name) => ({ path: name, name, length: 1, offset: 0, isPadding: false })))
}

test.for([
  'Big Buck Bunny.mkv',
  'S01E02 – Größe (1080p) [x].mp4',
  '日本語.mkv',
  '🎬 film.mkv',
  '-rf',
  '$HOME',
  '%2e%2e',
  'film',
])('"%s" is a safe file name and stays as it is', (name) => {
  expect(safe(name)).toEqual([name])
})

test.for([
  ['a path', 'a/b.mkv', 'a_b.mkv'],
  ['an absolute path', '/etc/passwd', '_etc_passwd'],
  ['a way out of the folder', '../../x.mkv', '_.._x.mkv'],
  ['a way out of the folder with backslashes', '..\\..\\x.mkv', '_.._x.mkv'],
  ['a drive', 'C:x.mkv', 'C_x.mkv'],
  ['letters that Windows reserves', 'a<b>c:d"e|f?g*h', 'a_b_c_d_e_f_g_h'],
  ['a NUL', 'a\0b.mkv', 'ab.mkv'],
  ['a line break', 'a\r\nb.mkv', 'ab.mkv'],
  ['an escape sequence', 'a\u001b[2Jb\u009b.mkv', 'a[2Jb.mkv'],
  ['a mark that reverses what follows', 'a\u202egpj.exe', 'agpj.exe'],
  ['marks that set a direction', '\u200fa\u200e\u2067b\u2069.mkv', 'ab.mkv'],
  ['letters without width', 'a\u200b\u2060\ufeff.mkv', 'a.mkv'],
  ['an Arabic letter mark', 'a\u061cb.mkv', 'ab.mkv'],
  ['a soft hyphen', 'a\u00adb.mkv', 'ab.mkv'],
  ['a dot in front', '.hidden.mkv', 'hidden.mkv'],
  ['blanks and dots around it', ' . a.mkv . ', 'a.mkv'],
  ['our own folder', '.self-streme', 'self-streme'],
  ['our own folder after an invisible letter', '\u200b.self-streme', 'self-streme'],
  ['the name of a device', 'CON', '_CON'],
  ['the name of a device with an extension', 'nul.mkv', '_nul.mkv'],
  ['the name of a port', 'Com1.mp4', '_Com1.mp4'],
  ['a device with a stream', 'lpt1:x', 'lpt1_x'],
  ['a device followed by a space', 'Nul .txt', '_Nul.txt'],
  ['a device followed by a space and an extension', 'CON .mkv', '_CON.mkv'],
  ['a port with a raised number', 'COM¹.mkv', '_COM¹.mkv'],
  ['a letter and its accent', 'e\u0301.mkv', 'é.mkv'],
  ['a letter with its accent after an invisible letter', 'e\u200b\u0301.mkv', 'é.mkv'],
] as const)('a file name is made safe: %s', ([, name, expected]) => {
  expect(safe(name)).toEqual([expected])
})

test.for(['', '.', '..', '...', '   ', '\0', '\u202e', ' . . '])(
  'a file gets a number when nothing is left of its name "%s"',
  (name) => {
    expect(safe('a.mkv', name)).toEqual(['a.mkv', 'file-1'])
  },
)

test.for([
  ['the same name', ['a.mkv', 'a.mkv', 'a.mkv'], ['a.mkv', 'a (2).mkv', 'a (3).mkv']],
  ['names that differ only in case', ['a.mkv', 'A.MKV'], ['a.mkv', 'A (2).MKV']],
  ['names that differ only in how an accent is written', ['é.mkv', 'e\u0301.mkv'], ['é.mkv', 'é (2).mkv']],
  ['names that are the same in upper case', ['ſ.mkv', 's.mkv'], ['ſ.mkv', 's (2).mkv']],
  [
    'names that differ only in removed letters',
    ['a?.mkv', 'a*.mkv', 'a_.mkv'],
    ['a_.mkv', 'a_ (2).mkv', 'a_ (3).mkv'],
  ],
  [
    'a name that looks like a second one',
    ['a.mkv', 'a (2).mkv', 'a.mkv'],
    ['a.mkv', 'a (2).mkv', 'a (3).mkv'],
  ],
  ['a name that looks like a number', ['file-1', ''], ['file-1', 'file-1 (2)']],
  ['names without extension', ['a', 'a'], ['a', 'a (2)']],
] as const)('files with %s get different names', ([, names, expected]) => {
  expect(safe(...names)).toEqual(expected)
})

test.for([
  ['latin letters', `${'x'.repeat(300)}.mkv`],
  ['letters of two bytes', `${'ü'.repeat(300)}.mkv`],
  ['letters of four bytes', `${'🎬'.repeat(100)}.mkv`],
  ['letters that grow when they are composed', `${'\u0344'.repeat(200)}.mkv`],
  ['a megabyte', `${'x'.repeat(2 ** 20)}.mkv`],
] as const)(
  'a name of too many %s is cut to 200 bytes, between letters and before the extension',
  ([, name]) => {
    const names = safe(name, name)
    for (const each of names) {
      expect(Buffer.byteLength(each)).toBeLessThanOrEqual(200)
      expect(Buffer.byteLength(each)).toBeGreaterThan(190)
      expect(each.isWellFormed()).toBe(true)
      expect(each).toMatch(/\.mkv$/)
    }
    expect(new Set(names).size).toBe(2)
  },
)

test('names that become equal by cutting get different names', () => {
  const names = safe(`${'x'.repeat(300)}1.mkv`, `${'x'.repeat(300)}2.mkv`, `${'X'.repeat(300)}3.MKV`)
  expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(3)
})

test('the same files get the same names every time', () => {
  const names = ['b.mkv', '', 'B.mkv', '../b.mkv', 'x'.repeat(500)]
  expect(safe(...names)).toEqual(safe(...names))
})

test.for([
  ['a dot', `${'x'.repeat(199)}.${'y'.repeat(20)}`],
  ['dots', `${'x'.repeat(150)}${'.'.repeat(100)}${'y'.repeat(20)}`],
  ['dots and blanks', `${'x'.repeat(150)}${'. '.repeat(100)}${'y'.repeat(20)}`],
] as const)('a name that is cut at %s does not end in it', ([, name]) => {
  const [cut] = safe(name)
  expect(cut).toMatch(/^x+$/)
})

// An algorithm of quadratic cost takes far longer than the limit here and in the names with spaces below.
test('ten thousand files with the same name get different names', { timeout: 10_000 }, () => {
  const names = safe(...Array<string>(10_000).fill('a.mkv'))
  expect(new Set(names).size).toBe(10_000)
  expect([names[0], names[1], names.at(-1)]).toEqual(['a.mkv', 'a (2).mkv', 'a (10000).mkv'])
})

// Names that differ only in the part that is cut off, and then once more by a number in the same place.
test('a duplicate gets the lowest free number, at once even among ten thousand', { timeout: 10_000 }, () => {
  const long = Array.from({ length: 5_000 }, (_, n) => `${'x'.repeat(194)}${String(n).padStart(6, '0')}`)
  const names = safe(...long, ...long)
  expect(new Set(names).size).toBe(10_000)
  expect(names.slice(5_000, 5_010)).toEqual(
    Array.from({ length: 10 }, (_, n) => `${'x'.repeat(194)}${n < 8 ? '00' : '0'} (${n + 2})`),
  )
})

test('the names are the same as when every number is tried in turn, for any files', () => {
  const letters = ['a', 'a (2)', 'A', 'a (3)', 'x'.repeat(199), 'x'.repeat(198), `${'x'.repeat(195)} (2)`, '']
  const tried = (names: readonly string[]) => {
    const taken = new Set<string>()
    return names.map((name) => {
      let unique = safe(name)[0] ?? ''
      for (let n = 2; taken.has(unique.toLowerCase()); n++) unique = numberedFileName(name, n)
      taken.add(unique.toLowerCase())
      return unique
    })
  }
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...letters.slice(0, -1)), { maxLength: 30 }), (names) => {
      expect(safe(...names)).toEqual(tried(names))
    }),
  )
})

test.for([
  ['blanks', ' '.repeat(100_000), 'file-0'],
  ['blanks between letters', `a${' '.repeat(100_000)}b.mkv`, 'a.mkv'],
  ['blanks before the extension', `a${' '.repeat(100_000)}.mkv`, 'a.mkv'],
] as const)('a name of 100,000 %s is shortened', { timeout: 10_000 }, ([, name, expected]) => {
  expect(safe(name)).toEqual([expected])
})

test('a name that becomes a device name by cutting is made safe', () => {
  const cut = safeFileNames([
    { path: '', name: `CON${' '.repeat(300)}x.mkv`, length: 1, offset: 0, isPadding: false },
  ])
  expect(cut).toEqual(['_CON.mkv'])
})
