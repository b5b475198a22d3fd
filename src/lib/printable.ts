/**
 * Letters that a terminal obeys or that make a text look like another one: control characters (C0 and C1), marks that
 * reverse what follows, letters without width, line separators, tags, halves of letters. The two joiners stay: Persian
 * needs one and emoji the other.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** One line of a text that strangers had a hand in: what must not be printed is shown as `\u001b`. */
export function printableLine(line: string): string {
  return line.replace(UNPRINTABLE, escaped)
}

/** The same of a text of several lines, such as JSON, which means the same afterwards. */
export function printableText(text: string): string {
  return text.replace(UNPRINTABLE, (letter) => (letter === '\n' ? letter : escaped(letter)))
}

function escaped(letter: string): string {
  const first = escapedUnit(letter.charCodeAt(0))
  return letter.length === 1 ? first : first + escapedUnit(letter.charCodeAt(1))
}

function escapedUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}
