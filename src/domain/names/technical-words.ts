/** Replaces a technical word. */
export const HIDDEN = '¤'

/** Matches any of some words, each as a word of its own. */
const words = (...sources: string[]) =>
  new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${sources.join('|')})(?![\p{L}\p{N}])`, 'giu')
const CHANNELS = String.raw`(?:[ ._-]?[1-9][ .][0-2](?:\.\d)?)?(?:x\d)?`

/** Words with digits that are neither season nor episode, and words that only follow a title. */
const TECHNICAL = [
  // resolution
  /(?<!\d)\d{3,4}[ ]?[x×][ ]?\d{3,4}(?!\d)/giu,
  words(String.raw`(?:bd|hd|m)?\d{3,4}[pi](?:\d{2,3})?`, '[48]k', 'u?hd', 'fhd', 'full[ .]?hd'),
  // codec and colour
  words('[xh][ .-]?26[3-6](?:[ .-]?(?:8|10)p?)?', '(?:hevc|avc|hi)[ .-]?(?:8|10|12)?p?', 'av1', 'vp[89]'),
  words('mp[34]v?', 'mpeg[ .-]?[24]', 'xvid', String.raw`divx(?:[ .]?\d)?`),
  words('(?:8|10|12)[ .-]?bits?', String.raw`hdr(?:10)?(?:\+|plus)?`, 'sdr', 'dv', 'dovi'),
  // sound, with its channels
  words(
    String.raw`(?:ddpa?|dd\+?|e-?ac-?3|ac-?3|he-?aac|q?aac|true-?hd|atmos|flac|l?pcm|opus|ogg)${CHANNELS}`,
  ),
  words(`dts(?:[ .-]?(?:hd|x|es|hra?|ma)){0,3}${CHANNELS}`),
  /(?<![\d.])[12567]\.[01](?![\d.])(?:[ ]?ch)?/giu,
  /\[[257]-[01]\]/gu,
  words('[2-8][ ]?ch'),
  // numbers with a unit
  words(String.raw`\d{1,5}(?:[.,]\d{1,3})?[ ]?(?:[kmgt]i?b|[km]bps|k?hz|fps)`),
  // checksum
  /[[(][\dA-F]{8}[\])]/gu,
  // source
  words('web(?:[ .-]?(?:dl|rip|hd|cap)(?:rip|mux)?)?', 'blu-?ray', 'b[dr]-?(?:rip|remux|mux)?', 'remux'),
  words('[hps]dtv(?:rip)?', '(?:hd|dvd|tv|sat|vhs)-?rip', 'dvd(?:r|5|9|scr)?', '(?:hd)?(?:cam|ts|tc)'),
]

const SAYS_RESOLUTION = /(?<!\d)\d{3,4}(?:[ ]?[x×][ ]?\d{3,4}|[pi](?!\p{L}))/iu
const BARE_RESOLUTION =
  /(?<![\p{L}\p{N}])(?<!\d[.,])(?:264|265|480|540|576|720|1080|1440|2160)(?![\p{L}\p{N}]|[.,]\d)/gu
/** With the resolution given elsewhere, a bare 1080 may be an episode. */
const BARE_RESOLUTION_BEHIND_NO_DASH = new RegExp(`(?<![-–—][ ._])${BARE_RESOLUTION.source}`, 'gu')

/** The name at the same length, with blanks for underscores and {@link HIDDEN} for technical words. */
export function hideTechnical(name: string): string {
  const bare = SAYS_RESOLUTION.test(name) ? BARE_RESOLUTION_BEHIND_NO_DASH : BARE_RESOLUTION
  return [...TECHNICAL, bare].reduce(
    (text, pattern) => text.replace(pattern, hidden),
    name.replaceAll('_', ' '),
  )
}

function hidden(word: string): string {
  return HIDDEN.repeat(word.length)
}
