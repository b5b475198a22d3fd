/**
 * Characters that control a terminal or disguise text: control characters (C0 and C1), bidirectional marks, zero-width
 * characters, line separators, tags, lone surrogates. The two joiners are allowed: Persian needs one, emoji the other.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** One line of foreign text, with unprintable characters escaped as `\u001b`. */
export function printableLine(line: string): string {
  return line.replace(UNPRINTABLE, escaped)
}

/** The same for text of several lines, such as JSON, whose meaning stays the same. */
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
