/**
 * Descriptions by addons for people: `👤 57 💾 1.5 GB ⚙️ Indexer`. Every addon has its own style, so only numbers marked
 * by a known symbol or word are read.
 */
const SEEDERS = /(?:👤|👥|🌱|\bseed(?:er)?s?\b\s*[:=]?)\s*(\d[\d,. ]*)/iu
const SIZE = /(?:💾|📦|📁|🗄️?|\bsize\b\s*[:=]?)\s*(\d+(?:[.,]\d+)?)\s*([KMGT])i?B\b(?!\s*\/\s*s)/iu
const POWERS: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 }

/** The number of seeders, if the description gives it. */
export function statedSeeders(description: string): number | undefined {
  const [, digits] = SEEDERS.exec(description) ?? []
  const count = Number(digits?.replace(/[,. ]/g, ''))
  return digits !== undefined && Number.isSafeInteger(count) ? count : undefined
}

/** Size in bytes, as rounded in the description; units are multiples of 1024, as with most addons. */
export function statedBytes(description: string): number | undefined {
  const [, number, unit] = SIZE.exec(description) ?? []
  if (number === undefined || unit === undefined) return undefined
  return Math.round(Number(number.replace(',', '.')) * 1024 ** (POWERS[unit.toUpperCase()] ?? 0))
}
