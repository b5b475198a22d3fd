import { messageOf, SelfStremeError } from '../../domain/errors.ts'
import type { VideoId } from '../../domain/video-id.ts'
import { parseManifest } from '../addon-manifest.ts'
import { readLinkedTorrent } from '../linked-torrent.ts'
import { readTitle } from '../title.ts'
import { readRows, type WantedRows } from '../torznab-rows.ts'
import { parseCaps } from '../torznab-xml.ts'
import { readStreams } from '../upstream-stream.ts'

/**
 * Parsers for the answers of other servers. They handle bytes from strangers, so they run in a thread; their results
 * are bounded, plain data.
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
/** further input of a parser */
export type About<R extends Reading> = Parameters<Readings[R]>[1]
export type ReadAs<R extends Reading> = ReturnType<Readings[R]>

/** Decodes text in the encoding that the XML declares, such as `windows-1251`; by default UTF-8. */
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

/** @throws SelfStremeError `source.bad_answer` if it is not JSON */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (cause) {
    throw new SelfStremeError('source.bad_answer', `the answer is not JSON: ${messageOf(cause)}`, { cause })
  }
}
