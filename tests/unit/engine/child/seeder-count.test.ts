import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { SeederCount } from '../../../../src/engine/child/seeder-count.ts'

const PIECES = 5

function peerWith(...pieces: number[]) {
  const has = new Set(pieces)
  const wire = { peerPieces: { get: (piece: number) => has.has(piece) } } as unknown as Wire
  return { wire, gets: (piece: number) => has.add(piece) }
}

test('only a peer with every piece is a seeder', () => {
  const peers = [peerWith(), peerWith(0, 1, 2, 3), peerWith(1, 2, 3, 4), peerWith(0, 1, 2, 3, 4)]
  expect(
    new SeederCount().among(
      peers.map(({ wire }) => wire),
      PIECES,
    ),
  ).toBe(1)
})

test('a peer that gets its missing pieces becomes a seeder', () => {
  const seeders = new SeederCount()
  const peer = peerWith(0, 1, 3)
  expect(seeders.among([peer.wire], PIECES)).toBe(0)
  peer.gets(4)
  expect(seeders.among([peer.wire], PIECES)).toBe(0)
  peer.gets(2)
  expect(seeders.among([peer.wire], PIECES)).toBe(1)
})
