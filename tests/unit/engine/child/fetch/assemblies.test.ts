import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Torrent } from 'webtorrent'
import type { TorrentInfo } from '../../../../../src/domain/bittorrent/metainfo.ts'
import { Assemblies } from '../../../../../src/engine/child/fetch/assemblies.ts'
import { BLOCK_BYTES } from '../../../../../src/engine/child/fetch/assembly.ts'
import type { Peer } from '../../../../../src/engine/child/fetch/peer.ts'
import { PieceMemory } from '../../../../../src/engine/child/piece-memory.ts'
import { patternBytes } from '../../../../support/pattern-bytes.ts'

const PIECE = 4 * BLOCK_BYTES
const anna = {} as Peer

/** A torrent of one piece whose second half is declared as padding. */
function halfPadded(bytes: Buffer) {
  const file = { path: 'a', name: 'a', length: PIECE / 2 }
  const info: TorrentInfo = {
    name: 'films',
    pieceLength: PIECE,
    length: PIECE,
    pieceCount: 1,
    pieceHashes: createHash('sha1').update(bytes).digest(),
    files: [
      { ...file, offset: 0, isPadding: false },
      { ...file, offset: PIECE / 2, isPadding: true },
    ],
    isPrivate: false,
  }
  const there: Buffer[] = []
  const torrent = {
    destroyed: false,
    wires: [],
    bitfield: { get: () => there.length > 0 },
    store: {
      put: (_piece: number, stored: Buffer, done: (error: null) => void) => {
        there.push(Buffer.from(stored))
        done(null)
      },
    },
    _markVerified: () => undefined,
    _checkDone: () => undefined,
  } as unknown as Torrent
  const holder = { hasViewer: true, heldPieces: () => [], onMemoryFree: () => undefined }
  const memory = new PieceMemory()
  memory.join(holder)
  const guilty: Peer[] = []
  const begun: number[] = []
  const assemblies = new Assemblies(
    { torrent, infoOf: () => info, memory, holder },
    {
      guilty: (peer) => guilty.push(peer),
      begun: (piece) => begun.push(piece),
      unwritable: () => undefined,
      complete: () => undefined,
      reopened: () => undefined,
      dropped: () => undefined,
      stored: () => undefined,
    },
  )
  return {
    guilty,
    begun,
    there,
    /** Has a peer send every block it was asked for. @returns the number of blocks */
    give() {
      const assembly = assemblies.of(0, anna)
      let asked = 0
      for (let block = assembly.takeFree(); block !== undefined; block = assembly.takeFree(), asked++)
        assemblies.put(assembly, block, bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES), anna)
      assemblies.finish(assembly)
      return asked
    },
  }
}

test('of a piece with padding only the other blocks are requested', () => {
  const bytes = Buffer.concat([patternBytes(PIECE / 2), Buffer.alloc(PIECE / 2)])
  const { there, give } = halfPadded(bytes)
  expect(give()).toBe(2)
  expect(there).toEqual([bytes])
})

test('padding that turns out not to be zeros is requested, and no peer is blamed', () => {
  const bytes = patternBytes(PIECE)
  const { there, guilty, begun, give } = halfPadded(bytes)
  expect([give(), there]).toEqual([2, []])
  expect([give(), there]).toEqual([4, [bytes]])
  expect(begun, 'it was begun twice').toEqual([0, 0])
  expect(guilty).toEqual([])
})
