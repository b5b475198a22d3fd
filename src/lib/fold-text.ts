/** Characters. Normalising many combining marks on one letter takes quadratic time. */
const MAX_LENGTH = 1_000

/** The beginning of a text in searchable form: without case and accents. */
export function foldText(text: string): string {
  return text.slice(0, MAX_LENGTH).normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
}
