import type { CatalogFilm } from './present-meta.ts'

/** Letters; what a title has more of does not fit. */
const MOST_LETTERS = 200
const MOST_LINES = 6
/** A line has room for so many letters of 22 on a width of 200; those of East Asia, and signs, take twice that. */
const LINE_WIDTH = 13
const LINE_HEIGHT = 28
const MIDDLE = 165
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\u3000-\u303f\uff00-\uff60]/u
/** XML has no words for them. @see https://www.w3.org/TR/xml/#charsets */
const NO_TEXT = /[\p{Cc}\ufffe\uffff]+/gu
const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const letters = new Intl.Segmenter()

/**
 * A poster for what has none: the title on a plain ground, as SVG, in Stremio's shape of 2 to 3.
 *
 * @param words - of any length and letters; without them, our own name
 */
export function drawPoster(
  { name, year }: Pick<CatalogFilm, 'name' | 'year'> = { name: 'self-streme' },
): string {
  const lines = linesOf(name.slice(0, MOST_LETTERS).toWellFormed().replace(NO_TEXT, ' '))
  const first = MIDDLE - ((lines.length - 1) * LINE_HEIGHT) / 2
  const title = lines.map((line, index) => textAt(first + index * LINE_HEIGHT, 22, '#fff', line))
  return [
    '<svg xmlns="http://www.w3.org/2000/svg" width="400" height="600" viewBox="0 0 200 300">',
    '<rect width="200" height="300" fill="#1b1236"/>',
    '<path d="M12 24V284H188V24z" fill="none" stroke="#8a5cf6" stroke-width="2"/>',
    ...title,
    ...(year === undefined ? [] : [textAt(268, 16, '#b79cff', String(year))]),
    '</svg>',
  ].join('')
}

function textAt(y: number, size: number, fill: string, text: string): string {
  const words = text.replace(/[&<>"']/g, (letter) => REFERENCES[letter] ?? '')
  return `<text x="100" y="${y}" font-family="sans-serif" font-size="${size}" fill="${fill}" text-anchor="middle">${words}</text>`
}

/** The words of a title in lines; one that is longer than a line is broken. */
function linesOf(title: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const part of title.split(/\s+/).flatMap(broken)) {
    const longer = line === '' ? part : `${line} ${part}`
    if (widthOf(longer) <= LINE_WIDTH) line = longer
    else {
      lines.push(line)
      line = part
    }
  }
  const all = [...lines, line].filter((each) => each !== '')
  return all.length <= MOST_LINES ? all : [...all.slice(0, MOST_LINES - 1), '…']
}

function broken(word: string): string[] {
  const parts: string[] = []
  let part = ''
  for (const { segment } of letters.segment(word)) {
    if (widthOf(part + segment) > LINE_WIDTH && part !== '') {
      parts.push(part)
      part = ''
    }
    part += segment
  }
  return [...parts, part]
}

function widthOf(text: string): number {
  let width = 0
  for (const { segment } of letters.segment(text)) width += WIDE.test(segment) ? 2 : 1
  return width
}
