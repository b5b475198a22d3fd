const VIDEO_TYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    mp4: 'video/mp4',
    m4v: 'video/x-m4v',
    mov: 'video/quicktime',
    qt: 'video/quicktime',
    mkv: 'video/x-matroska',
    mk3d: 'video/x-matroska',
    webm: 'video/webm',
    avi: 'video/x-msvideo',
    divx: 'video/x-msvideo',
    flv: 'video/x-flv',
    f4v: 'video/mp4',
    wmv: 'video/x-ms-wmv',
    asf: 'video/x-ms-asf',
    mpg: 'video/mpeg',
    mpeg: 'video/mpeg',
    mpe: 'video/mpeg',
    m1v: 'video/mpeg',
    m2v: 'video/mpeg',
    vob: 'video/mpeg',
    ts: 'video/mp2t',
    m2t: 'video/mp2t',
    mts: 'video/mp2t',
    m2ts: 'video/mp2t',
    ogv: 'video/ogg',
    ogm: 'video/ogg',
    rm: 'application/vnd.rn-realmedia',
    rmvb: 'application/vnd.rn-realmedia-vbr',
    '3gp': 'video/3gpp',
    '3g2': 'video/3gpp2',
  }),
)

/** Bytes; a smaller video is a sample, or the beginning of a film. */
export const MIN_VIDEO_BYTES = 1_048_576

/** Extensions of files in the download folder that are served by name. */
const PLACED_EXTENSIONS = new Set(['mp4', 'mkv', 'avi', 'mov', 'm4v', 'webm', 'flv'])

/** Media type of a video by its file name; `application/octet-stream` for anything else. */
export function contentTypeOf(fileName: string): string {
  return VIDEO_TYPES.get(extensionOf(fileName)) ?? 'application/octet-stream'
}

/** Whether a file of a torrent is a video. */
export function isVideo(fileName: string): boolean {
  return VIDEO_TYPES.has(extensionOf(fileName))
}

/** Whether a file in the download folder may be served by its name. */
export function isPlaceableVideo(fileName: string): boolean {
  return PLACED_EXTENSIONS.has(extensionOf(fileName))
}

/** The text after the last dot, lower-case, or an empty string. */
function extensionOf(fileName: string): string {
  const last = fileName.slice(fileName.lastIndexOf('.') + 1)
  return last.length < fileName.length && !/[/\\]/.test(last) ? last.toLowerCase() : ''
}
