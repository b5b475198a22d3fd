/**
 * What addons write for people: `👤 57 💾 1.5 GB ⚙️ Indexer`. Each has its own way, so only what carries a sign or a
 * word that says what it is counts, and the rest is left.
 */
const SEEDERS = /(?:👤|👥|🌱|\bseed(?:er)?s?\b\s*[:=]?)\s*(\d[\d,. ]*)/iu
const SIZE = /(?:💾|📦|📁|🗄️?|\bsize\b\s*[:=]?)\s*(\d+(?:[.,]\d+)?)\s*([KMGT])i?B\b(?!\s*\/\s*s)/iu
const POWERS: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 }

/** How many have the whole torrent, where a description says so. */
export function statedSeeders(description: string): number | undefined {
  const [, digits] = SEEDERS.exec(description) ?? []
  const count = Number(digits?.replace(/[,. ]/g, ''))
  return digits !== undefined && Number.isSafeInteger(count) ? count : undefined
}

/** Bytes, rounded as the description has them; units count in 1024, as most addons do. */
export function statedBytes(description: string): number | undefined {
  const [, number, unit] = SIZE.exec(description) ?? []
  if (number === undefined || unit === undefined) return undefined
  return Math.round(Number(number.replace(',', '.')) * 1024 ** (POWERS[unit.toUpperCase()] ?? 0))
}
