/** What keeps parsers busy when it is repeated: each is one that something in names, URLs or headers looks for. */
const BITS = [
  ...[
    'a',
    '1',
    '0',
    ' ',
    '.',
    '-',
    '_',
    '/',
    ':',
    '?',
    '&',
    '=',
    '@',
    '"',
    ',',
    '%',
    '\\',
    '\n',
    '\t',
    '\0',
    '#',
  ],
  ...[
    'a.',
    'a ',
    'a-',
    '1.',
    '1, ',
    '- ',
    'a/',
    '//',
    '::',
    '[',
    '(',
    '{',
    '[a]',
    '[[',
    '()',
    '<',
    '%25',
    '&amp;',
  ],
  ...[
    '\u0301',
    'a\u0301',
    '\u0301\u0316',
    '\ufdfa',
    'é',
    'я ',
    '話',
    '第1話',
    '🙂',
    '\u202e',
    '\ud800',
    '¤',
    '–',
    '¤-',
  ],
  ...[
    'S01E01',
    'S01E01.',
    '1x01-',
    's1 ',
    '-E01',
    '01-',
    '01 - ',
    '1 of ',
    'Season 1 ',
    'season ',
    '2020 ',
    '(2020',
  ],
  ...[
    'sample-',
    'trailer ',
    'cd1 ',
    'part 1 ',
    '720p ',
    'x264-',
    'aac2',
    'web dl ',
    '#1',
    'sp1 ',
    'nc',
    'seed',
    '1.5 GB',
  ],
  ...[
    'key=',
    'token=a&',
    'http://',
    'http://a',
    'a://',
    'tt1234567',
    '[tt1234567',
    'tmdb-1',
    '0f',
    'magnet:?tr=a&',
  ],
  ...[
    'X11; Linux',
    'Version/1 ',
    'Tizen',
    'Stremio/1 ',
    'W/"a",',
    'no-cache',
    '1:a:',
    'd1:a',
    'l',
    'i1e',
    '1:',
    'ii ',
  ],
]

const known = new Map<number, readonly string[]>()

/** Texts of a length, some two hundred kinds. */
export function pumpedTexts(length: number): readonly string[] {
  const texts = known.get(length) ?? BITS.flatMap((bit) => pumped(bit, length))
  known.set(length, texts)
  return texts
}

/** A bit again and again, with an end that fits and one that does not: what almost fits is tried in all ways. */
export function pumped(bit: string, length: number): string[] {
  const text = bit.repeat(Math.ceil(length / bit.length)).slice(0, length)
  return [text, `[a] ${text}\u0001\n`]
}

/**
 * Time that the processor took, in ms: the least of a few runs, since a machine that is busy otherwise makes them longer,
 * and the first also compiles.
 *
 * @param enough - a run that is quicker is not done again
 */
export function processorMs(run: () => void, enough: number, tries = 4): number {
  let least = Number.POSITIVE_INFINITY
  for (let n = 0; n < tries && least >= enough; n++) {
    const before = process.threadCpuUsage()
    run()
    const { user, system } = process.threadCpuUsage(before)
    least = Math.min(least, (user + system) / 1_000)
  }
  return least
}

/** Lengths up to the longest, so that what takes the square of it fails before it takes hours. */
export function lengthsUpTo(longest: number): number[] {
  return [1_000, 10_000].filter((length) => length < longest / 5).concat(longest)
}
