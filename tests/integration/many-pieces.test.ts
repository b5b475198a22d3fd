import { createHash } from 'node:crypto'
import bencode from 'bencode'
import { test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes } from '../support/pattern-bytes.ts'
import { connectPeer, freePort, message } from '../support/raw-peer.ts'
import { startTestApp } from '../support/test-app.ts'

const PIECE = 16 * 1024
const [UNCHOKE, HAVE, REQUEST, PIECE_MESSAGE] = [1, 4, 6, 7]

test.for([500_001, 640_000, 838_000])(
  'a torrent of %i pieces is opened by its info hash, and its last piece is fetched',
  async (pieces) => {
    const hash = createHash('sha1').update(Buffer.alloc(PIECE)).digest()
    const hashes = Buffer.alloc(20 * pieces, hash)
    const info = { length: pieces * PIECE, name: 'Film.mkv', 'piece length': PIECE, pieces: hashes }
    const metadata = Buffer.from(bencode.encode(info))
    const infoHash = createHash('sha1').update(metadata).digest('hex')
    const port = await freePort()
    await using app = await startTestApp({ TORRENT_PORT: String(port) })
    const last = getRange(`${app.url}/stream/proxy/${infoHash}/0`, info.length - PIECE, info.length - 1)
    last.catch(() => undefined)

    const peer = await connectPeer(port, infoHash)
    peer.hear((said) => {
      if (said[0] !== REQUEST) return
      const [piece = 0, offset = 0, length = 0] = [1, 5, 9].map((at) => said.readUInt32BE(at))
      peer.send(Buffer.concat([message(PIECE_MESSAGE, piece, offset), Buffer.alloc(length)]))
    })
    peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: metadata.length })
    for (let at = 0; at < metadata.length; at += PIECE) {
      const header = { msg_type: 1, piece: at / PIECE, total_size: metadata.length }
      peer.sendExtended(1, header, metadata.subarray(at, at + PIECE))
    }
    // Peers that are downloading announce one piece after the other.
    peer.send(message(HAVE, pieces - 1))
    peer.send(message(UNCHOKE))
    expectSameBytes(await last, Buffer.alloc(PIECE))
    peer.socket.destroy()
  },
)
