/** Roman numerals of sequels; `i` is a word, and `v` and `x` are letters. */
const ROMAN: Readonly<Record<string, string>> = {
  ii: '2',
  iii: '3',
  iv: '4',
  vi: '6',
  vii: '7',
  viii: '8',
  ix: '9',
}
/** Words that do not help to identify a film. */
const FILLERS = new Set(['the', 'a', 'an', 'and'])

/** Letters that Unicode does not decompose. */
const FOLDED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}
const LETTERS = /[ßæœøłđðþı]/gi
const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' }

/** Without diacritics: `Shōrin` is `Shorin`, `Łódź` is `Lodz`; case stays. */
export function foldMarks(text: string): string {
  return text
    .replace(LETTERS, (letter) => {
      const plain = FOLDED[letter.toLowerCase()] ?? letter
      return letter === letter.toLowerCase() ? plain : `${plain.slice(0, 1).toUpperCase()}${plain.slice(1)}`
    })
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
}

/** The words of a title for comparison: without accents, case and articles; `II` is `2`. */
export function titleWords(title: string): string[] {
  return foldMarks(title.slice(0, 255))
    .replace(/['’`´ʼ]/g, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word && !FILLERS.has(word))
    .map((word) => (Object.hasOwn(ROMAN, word) ? (ROMAN[word] ?? word) : word))
}

/** Spellings of a title in names: `L'ami` is `Lami` or `L ami`, and `für` is `fur` or `fuer`. */
export function titleForms(title: string): string[][] {
  const spelt = title.toLowerCase().normalize('NFC')
  const umlauts = spelt.replace(/[äöü]/g, (letter) => UMLAUTS[letter] ?? letter)
  const forms = [spelt, umlauts].flatMap((form) => [form, form.replace(/['’`´ʼ]/g, ' ')])
  return [...new Set(forms)].map(titleWords)
}

/** How well a name matches a title. */
export type TitleMatch =
  | 'same'
  /** it has all words of the title, and others */
  | 'within'
  | 'some'
  | 'none'

export function compareTitles(name: readonly string[], title: readonly string[]): TitleMatch {
  const shared = title.filter((word) => name.includes(word)).length
  if (shared === 0) return 'none'
  if (shared < title.length) return 'some'
  return name.length === title.length ? 'same' : 'within'
}
