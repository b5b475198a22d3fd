import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { Assembly, BLOCK_BYTES } from '../../../../../src/engine/child/fetch/assembly.ts'
import { Peer } from '../../../../../src/engine/child/fetch/peer.ts'
import { whoGivesWay } from '../../../../../src/engine/child/fetch/turnover.ts'

const NOW = 100_000

function peerOf({ joinedAt = 0, blocksPerSecond = 0, isChoking = false, metadataAt = 0 }): Peer {
  const wire = { peerExtendedHandshake: {}, destroyed: false, peerChoking: isChoking } as unknown as Wire
  const peer = new Peer(wire, joinedAt)
  peer.metadataAt = metadataAt
  const assembly = new Assembly<Peer>(0, Buffer.alloc(BLOCK_BYTES))
  const request = { assembly, block: 0, askedAt: 0, ahead: 0 }
  peer.requests.push(request)
  for (let tick = 0; tick < 10; tick++) {
    if (tick === 9) for (let n = 0; n < blocksPerSecond; n++) peer.onBlock(BLOCK_BYTES, request, NOW)
    peer.onTick(0.1)
  }
  peer.requests.length = 0
  return peer
}

test.for([
  ['a peer that delivers nothing', { joinedAt: 0 }, true],
  ['a peer that just connected', { joinedAt: NOW - 2_900 }, false],
  ['a peer that delivers well', { blocksPerSecond: 100 }, false],
  ['a peer that chokes us', { isChoking: true }, false],
] as const)('while a reader waits, %s is replaced: %s', ([, how, goes]) => {
  const peer = peerOf(how)
  expect(whoGivesWay([peer], NOW, true)).toBe(goes ? peer : undefined)
})

test.for([
  ['a peer that sends no metadata', { metadataAt: 0 }, true],
  ['a peer that chokes us and sends no metadata', { isChoking: true }, true],
  ['a peer that is sending metadata', { joinedAt: NOW - 20_000, metadataAt: NOW - 1_000 }, false],
  ['a peer that has been sending metadata for too long', { joinedAt: 0, metadataAt: NOW - 1_000 }, true],
  ['one that has just come', { joinedAt: NOW - 1_000 }, false],
] as const)('while metadata is missing, %s is replaced: %s', ([, how, goes]) => {
  const peer = peerOf(how)
  expect(whoGivesWay([peer], NOW, false)).toBe(goes ? peer : undefined)
})

test('the least useful peer is replaced first, and of equal ones the oldest', () => {
  const [slow, second, first] = [
    peerOf({ blocksPerSecond: 0.5, joinedAt: 1_000 }),
    peerOf({ joinedAt: 3_000 }),
    peerOf({ joinedAt: 2_000 }),
  ]
  expect(whoGivesWay([slow, second, first], NOW, true)).toBe(first)
  expect(whoGivesWay([slow, second], NOW, true)).toBe(second)
})
