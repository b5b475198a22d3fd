/** Common heights of video. */
const HEIGHTS = [240, 360, 480, 576, 720, 1080, 1440, 2160, 4320] as const
/** Fewer lines are not a video. */
const MIN_HEIGHT = 180

export type Resolution = `${(typeof HEIGHTS)[number]}p`

export type ReleaseSource =
  | 'Remux'
  | 'BluRay'
  | 'BDRip'
  | 'WEB-DL'
  | 'WEB'
  | 'WEBRip'
  | 'HDRip'
  | 'HDTV'
  | 'TV'
  | 'DVD'
  | 'DVDRip'
  | 'VHS'
  | 'Screener'
  | 'TeleCine'
  | 'TeleSync'
  | 'CAM'

export type VideoCodec = 'AVC' | 'HEVC' | 'AV1' | 'VP9' | 'VP8' | 'XviD' | 'MPEG-2'
export type Hdr = 'DV' | 'HDR10+' | 'HDR'
export type AudioCodec =
  | 'Atmos'
  | 'TrueHD'
  | 'DTS-HD'
  | 'DTS'
  | 'DD+'
  | 'DD'
  | 'AAC'
  | 'FLAC'
  | 'PCM'
  | 'Opus'
  | 'MP3'

/** The parser's words mapped to ours; synonyms get one word. */
const SOURCES: Readonly<Record<string, ReleaseSource>> = {
  'bluray remux': 'Remux',
  remux: 'Remux',
  bluray: 'BluRay',
  bdrip: 'BDRip',
  brrip: 'BDRip',
  uhdrip: 'BDRip',
  bdmux: 'BDRip',
  brmux: 'BDRip',
  'web-dl': 'WEB-DL',
  web: 'WEB',
  webrip: 'WEBRip',
  'web-dlrip': 'WEBRip',
  webcap: 'WEBRip',
  webmux: 'WEBRip',
  dlmux: 'WEBRip',
  vodr: 'WEBRip',
  ppv: 'WEBRip',
  ppvrip: 'WEBRip',
  hdrip: 'HDRip',
  hdtv: 'HDTV',
  hdtvrip: 'HDTV',
  pdtv: 'TV',
  sdtv: 'TV',
  satrip: 'TV',
  tvrip: 'TV',
  dvd: 'DVD',
  r5: 'DVD',
  dvdrip: 'DVDRip',
  vhsrip: 'VHS',
  scr: 'Screener',
  workprint: 'Screener',
  telecine: 'TeleCine',
  telesync: 'TeleSync',
  cam: 'CAM',
}

const CODECS: Readonly<Record<string, VideoCodec>> = {
  x264: 'AVC',
  h264: 'AVC',
  avc: 'AVC',
  x265: 'HEVC',
  h265: 'HEVC',
  hevc: 'HEVC',
  av1: 'AV1',
  vp9: 'VP9',
  vp8: 'VP8',
  xvid: 'XviD',
  divx: 'XviD',
  dvix: 'XviD',
  mpeg2: 'MPEG-2',
}

const HDRS: Readonly<Record<string, Hdr>> = { DV: 'DV', 'HDR10+': 'HDR10+', HDR: 'HDR' }

const AUDIO: Readonly<Record<string, AudioCodec>> = {
  Atmos: 'Atmos',
  TrueHD: 'TrueHD',
  'DTS Lossless': 'DTS-HD',
  'DTS Lossy': 'DTS',
  DDP: 'DD+',
  EAC3: 'DD+',
  DD: 'DD',
  AC3: 'DD',
  AAC: 'AAC',
  FLAC: 'FLAC',
  PCM: 'PCM',
  OPUS: 'Opus',
  MP3: 'MP3',
}

/** `4k`, `1080p`, and cropped video: 1036 lines are called 1080p, 544 are 576p. */
export function resolutionOf(said: string | undefined, name: string): Resolution | undefined {
  if (said === '4k' || (!said && /(?<![\p{L}\d])UHD(?![\p{L}\d])/iu.test(name))) return '2160p'
  const height = Number.parseInt(said ?? '', 10)
  const nearest = HEIGHTS.find((each) => height <= each)
  return nearest && height >= MIN_HEIGHT ? `${nearest}p` : undefined
}

export function sourceOf(said: string | undefined, name: string): ReleaseSource | undefined {
  return (
    own(SOURCES, said?.toLowerCase()) ??
    (/(?<![\p{L}\d])DVD[59](?![\p{L}\d])/iu.test(name) ? 'DVD' : undefined)
  )
}

export function codecOf(said: string | undefined): VideoCodec | undefined {
  return own(CODECS, said?.toLowerCase().replace(/[-. ]/g, ''))
}

export function hdrOf(said: readonly string[]): Hdr[] {
  return all(HDRS, said)
}

export function audioOf(said: readonly string[]): AudioCodec[] {
  return all(AUDIO, said)
}

/** `5.1`; it may follow the codec directly, `FLAC2.0`. */
export function channelsOf(said: readonly string[], name: string): string | undefined {
  const behind = /(?:aac|flac|dd[p+]?|ac-?3|opus|dts|pcm|hd|ma)[ .]?([1-9])[ .]([0-2])(?!\d)/i.exec(name)
  return said[0] ?? (behind ? `${behind[1]}.${behind[2]}` : undefined)
}

/** Language codes, `en` or `es-419`. */
export function languagesOf(said: readonly string[]): string[] {
  return said.filter((each) => /^[a-z]{2}(?:-[a-z\d]{2,3})?$/.test(each)).sort()
}

/** Whether a name announces several languages: "Multi", "Dual Audio", or the German "DL". */
export function isMultiLanguage(said: readonly string[], name: string): boolean {
  return (
    said.includes('multi audio') ||
    said.includes('dual audio') ||
    /(?<!web[ .-]?|[\p{L}\d])DL(?![\p{L}\d])/iu.test(name)
  )
}

function all<T>(words: Readonly<Record<string, T>>, texts: readonly string[]): T[] {
  return [...new Set(texts.map((text) => own(words, text)).filter((word) => word !== undefined))]
}

function own<T>(words: Readonly<Record<string, T>>, text: string | undefined): T | undefined {
  return text !== undefined && Object.hasOwn(words, text) ? words[text] : undefined
}
