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
  ['one that gives nothing', { joinedAt: 0 }, true],
  ['one that has just come', { joinedAt: NOW - 2_900 }, false],
  ['one that gives well', { blocksPerSecond: 100 }, false],
  ['one that chokes us', { isChoking: true }, false],
] as const)('while a reader waits: %s (%s)', ([, how, goes]) => {
  const peer = peerOf(how)
  expect(whoGivesWay([peer], NOW, true)).toBe(goes ? peer : undefined)
})

test.for([
  ['one that says nothing of it', { metadataAt: 0 }, true],
  ['one that chokes us, and says nothing of it', { isChoking: true }, true],
  ['one that is bringing it', { joinedAt: NOW - 20_000, metadataAt: NOW - 1_000 }, false],
  ['one that has been bringing it for ever', { joinedAt: 0, metadataAt: NOW - 1_000 }, true],
  ['one that has just come', { joinedAt: NOW - 1_000 }, false],
] as const)('while there is no metadata: %s (%s)', ([, how, goes]) => {
  const peer = peerOf(how)
  expect(whoGivesWay([peer], NOW, false)).toBe(goes ? peer : undefined)
})

test('the least useful goes first, and of several the one that was there first', () => {
  const [slow, second, first] = [
    peerOf({ blocksPerSecond: 0.5, joinedAt: 1_000 }),
    peerOf({ joinedAt: 3_000 }),
    peerOf({ joinedAt: 2_000 }),
  ]
  expect(whoGivesWay([slow, second, first], NOW, true)).toBe(first)
  expect(whoGivesWay([slow, second], NOW, true)).toBe(second)
})
