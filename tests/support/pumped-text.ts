/**
 * Pieces of text that keep parsers busy when repeated: each is something that names, URLs or headers are searched for.
 */
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

/** Texts of the given length, some two hundred kinds. */
export function pumpedTexts(length: number): readonly string[] {
  const texts = known.get(length) ?? BITS.flatMap((bit) => pumped(bit, length))
  known.set(length, texts)
  return texts
}

/** A piece repeated, with an end that matches and one that does not: near matches make a parser backtrack. */
export function pumped(bit: string, length: number): string[] {
  const text = bit.repeat(Math.ceil(length / bit.length)).slice(0, length)
  return [text, `[a] ${text}\u0001\n`]
}

/**
 * Processor time of a function in ms: the shortest of a few runs, because a busy machine makes runs longer, and the
 * first run also compiles.
 *
 * @param enough - a run faster than this is not repeated
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

/** Lengths up to the longest, so that quadratic cost fails early. */
export function lengthsUpTo(longest: number): number[] {
  return [1_000, 10_000].filter((length) => length < longest / 5).concat(longest)
}
