const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB']

/** A size for people to read: `1.5 GB`. */
export function sizeInWords(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1000 ** unit
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`
}

/** A duration for people to read: `20 min`; negative ones count as 0. */
export function spanInWords(ms: number): string {
  const minutes = ms / 60_000
  if (minutes < 1) return `${Math.max(0, Math.round(ms / 1000))} s`
  if (minutes < 120) return `${Math.round(minutes)} min`
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h`
  return `${Math.round(minutes / (24 * 60))} days`
}
