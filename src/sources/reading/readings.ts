import type { VideoId } from '../../domain/video-id.ts'
import { parseManifest } from '../addon-manifest.ts'
import { readLinkedTorrent } from '../linked-torrent.ts'
import { readTitle } from '../title.ts'
import { readRows, type WantedRows } from '../torznab-rows.ts'
import { parseCaps } from '../torznab-xml.ts'
import { readStreams } from '../upstream-stream.ts'
import { parseJson } from './parse-json.ts'

/**
 * What answers of other servers are read as. All of this is work on bytes of strangers, so it is done in a thread of its
 * own; what comes out is bounded, and holds nothing but data.
 */
export const readings = {
  manifest: (body: Uint8Array, _about: undefined) => parseManifest(parseJson(body)),
  streams: (body: Uint8Array, video: VideoId) => readStreams(parseJson(body), video),
  title: (body: Uint8Array, _about: undefined) => readTitle(parseJson(body)),
  caps: (body: Uint8Array, _about: undefined) => parseCaps(textOf(body)),
  rows: (body: Uint8Array, wanted: WantedRows) => readRows(textOf(body), wanted),
  torrent: (body: Uint8Array, _about: undefined) => readLinkedTorrent(body),
}

export type Readings = typeof readings
export type Reading = keyof Readings
/** what has to be known to read an answer as this */
export type About<R extends Reading> = Parameters<Readings[R]>[1]
export type ReadAs<R extends Reading> = ReturnType<Readings[R]>

/** In the encoding that the XML declares, such as `windows-1251`; UTF-8 where it declares none, or none that exists. */
function textOf(body: Uint8Array): string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const declared = /^\s*<\?xml[^>]{0,100}?\sencoding=["']([\w.:-]{1,40})["']/.exec(
    bytes.toString('latin1', 0, 200),
  )?.[1]
  try {
    return new TextDecoder(declared ?? 'utf-8').decode(bytes)
  } catch {
    return bytes.toString('utf8')
  }
}
