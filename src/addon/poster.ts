import type { CatalogFilm } from './present-meta.ts'

/** Characters; longer titles do not fit. */
const MAX_LENGTH = 200
const MAX_LINES = 6
/** Characters of size 22 that fit on a width of 200; East Asian ones and symbols count two. */
const LINE_WIDTH = 13
const LINE_HEIGHT = 28
const MIDDLE = 165
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\u3000-\u303f\uff00-\uff60]/u
/** Not allowed in XML. @see https://www.w3.org/TR/xml/#charsets */
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
 * A poster for titles without one: the title on a plain background, as SVG in Stremio's aspect ratio of 2 to 3.
 *
 * @param words - any text; default: our own name
 */
export function drawPoster(
  { name, year }: Pick<CatalogFilm, 'name' | 'year'> = { name: 'self-streme' },
): string {
  const lines = linesOf(name.slice(0, MAX_LENGTH).toWellFormed().replace(NO_TEXT, ' '))
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

/** A title in lines; words longer than a line are broken. */
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
  return all.length <= MAX_LINES ? all : [...all.slice(0, MAX_LINES - 1), '…']
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
