/** Letters. Bringing many accents on one letter into order takes the square of their number. */
const MAX_LENGTH = 1_000

/** The beginning of a text as it is searched for: without case and accents. */
export function foldText(text: string): string {
  return text.slice(0, MAX_LENGTH).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
