/** Roman numbers of sequels; `i` is a word, and `v` and `x` are letters. */
const ROMAN: Readonly<Record<string, string>> = {
  ii: '2',
  iii: '3',
  iv: '4',
  vi: '6',
  vii: '7',
  viii: '8',
  ix: '9',
}
/** Words that say nothing about which film it is. */
const FILLERS = new Set(['the', 'a', 'an', 'and'])

/** The words of a title, for comparison: no accents, no case, no articles; `II` is `2`. */
export function titleWords(title: string): string[] {
  return title
    .slice(0, 255)
    .normalize('NFKD')
    .replace(/\p{M}|['’`]/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word && !FILLERS.has(word))
    .map((word) => (Object.hasOwn(ROMAN, word) ? (ROMAN[word] ?? word) : word))
}

/** How much a name is that of a title. */
export type TitleMatch =
  | 'same'
  /** it has all the words, and others */
  | 'within'
  | 'some'
  | 'none'

export function compareTitles(name: readonly string[], title: readonly string[]): TitleMatch {
  const shared = title.filter((word) => name.includes(word)).length
  if (shared === 0) return 'none'
  if (shared < title.length) return 'some'
  return name.length === title.length ? 'same' : 'within'
}
