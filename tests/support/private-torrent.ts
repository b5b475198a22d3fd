import { createHash } from 'node:crypto'
import bencode from 'bencode'
import { patternBytes } from './pattern-bytes.ts'
import type { RawPeer } from './raw-peer.ts'

const PIECE = 16_384

/** A torrent of one short film, with the film. */
export interface MadeTorrent {
  readonly infoHash: string
  readonly bytes: Buffer
  /** bencoded */
  readonly info: Buffer
  /** torrent file */
  readonly file: Buffer
}

/**
 * @param name - without the extension; different names give different torrents
 * @param fields - of `info`, in addition to the usual ones
 * @param trackers - named in its file
 */
export function makeTorrent(name: string, fields: object, trackers: readonly string[] = []): MadeTorrent {
  const bytes = patternBytes(PIECE, name)
  const info = Buffer.from(
    bencode.encode({
      length: bytes.length,
      name: `${name}.mkv`,
      'piece length': PIECE,
      pieces: createHash('sha1').update(bytes).digest(),
      ...fields,
    }),
  )
  const [announce] = trackers
  const outer = bencode.encode({ announce, 'announce-list': trackers.map((url) => [url]) })
  const file = Buffer.concat([outer.subarray(0, -1), Buffer.from('4:info'), info, Buffer.from('e')])
  return { infoHash: createHash('sha1').update(info).digest('hex'), bytes, info, file }
}

/** Makes a peer send the metadata (BEP 9). @returns the other side's extension handshake */
export function giveMetadata(peer: RawPeer, info: Buffer): Promise<{ readonly m: Record<string, number> }> {
  const shaken = Promise.withResolvers<{ readonly m: Record<string, number> }>()
  let theirs: Record<string, number> = {}
  peer.hear((message) => {
    if (message[0] !== 20) return
    const said = bencode.decode(message.subarray(2)) as { m: Record<string, number>; piece?: number }
    if (message[1] === 0) {
      theirs = said.m
      shaken.resolve(said)
      return
    }
    if (said.piece === undefined || theirs.ut_metadata === undefined) return
    peer.sendExtended(theirs.ut_metadata, { msg_type: 1, piece: said.piece, total_size: info.length }, info)
  })
  peer.sendExtended(0, { m: { ut_metadata: 1, ut_pex: 2 }, metadata_size: info.length })
  return shaken.promise
}
