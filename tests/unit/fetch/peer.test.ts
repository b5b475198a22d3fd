import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { Assembly, BLOCK_BYTES } from '../../../src/engine/child/fetch/assembly.ts'
import { Pace } from '../../../src/engine/child/fetch/pace.ts'
import { type BlockRequest, Peer } from '../../../src/engine/child/fetch/peer.ts'

const TICK = 0.1

function peerWith(extendedHandshake: object = {}): Peer {
  return new Peer({
    peerExtendedHandshake: extendedHandshake,
    destroyed: false,
    peerChoking: false,
  } as unknown as Wire)
}

function requestAt(askedAt: number): BlockRequest {
  return { assembly: new Assembly<Peer>(0, Buffer.alloc(BLOCK_BYTES)), block: 0, askedAt }
}

/** Lets a peer answer at a steady pace for two seconds, each request after so long. */
function serve(peer: Peer, bytesPerSecond: number, latencyMs: number): void {
  const blocks = (bytesPerSecond * TICK) / BLOCK_BYTES
  let due = 0
  peer.requests.push(requestAt(0))
  for (let tick = 1; tick <= 20; tick++) {
    const now = 1_000 + tick * 100
    for (due += blocks; due >= 1; due--) peer.onBlock(BLOCK_BYTES, requestAt(now - latencyMs), now)
    peer.onTick(TICK)
  }
  peer.requests.length = 0
}

test('a new peer is asked for 32 blocks at once', () => {
  expect(peerWith().depth).toBe(32)
})

test.for([
  ['a fast one near by', 4_000_000, 1, 0.3],
  ['a fast one far away', 4_000_000, 200, 0.5],
] as const)(
  '%s is asked for what it gives in 0.3 s and the time there and back',
  ([, rate, latencyMs, seconds]) => {
    const peer = peerWith()
    serve(peer, rate, latencyMs)
    expect(peer.depth / ((rate * seconds) / BLOCK_BYTES)).toBeCloseTo(1, 1)
  },
)

test('one that is slower gets as much as it gives in a little more than a second, up to 32 blocks', () => {
  const depths = [1_000_000, 160_000, 20_000].map((rate) => {
    const peer = peerWith()
    serve(peer, rate, 1)
    return peer.depth
  })
  expect(depths).toEqual([32, 11, 4])
})

test('nobody is asked for more than 256 blocks, or than they say they take', () => {
  const peer = peerWith()
  serve(peer, 100_000_000, 1)
  expect(peer.depth).toBe(256)
  const modest = peerWith({ reqq: 10 })
  expect(modest.depth).toBe(10)
  serve(modest, 100_000_000, 1)
  expect(modest.depth).toBe(10)
  for (const reqq of [-1, 0, 'many', Number.NaN, null])
    expect(peerWith({ reqq }).depth, String(reqq)).toBe(32)
})

test('more is asked for when a quarter of the queue is free, not for each block', () => {
  const peer = peerWith()
  peer.requests.push(...Array.from({ length: 25 }, () => requestAt(0)))
  expect(peer.room).toBe(0)
  peer.requests.pop()
  expect(peer.room).toBe(8)
})

test('a peer that lets its requests lie is silent, sooner if it has given something before', () => {
  const peer = peerWith()
  expect(peer.isSilent(60_000)).toBe(false)
  peer.requests.push(requestAt(1_000))
  expect([peer.isSilent(2_900), peer.isSilent(3_100)]).toEqual([false, true])
  peer.onBlock(BLOCK_BYTES, requestAt(1_000), 4_000)
  expect([peer.isSilent(4_900), peer.isSilent(5_100)]).toEqual([false, true])
})

test('one block sets a stuck peer free, which then has longer', () => {
  const peer = peerWith()
  peer.onBlock(BLOCK_BYTES, requestAt(0), 0)
  peer.isStuck = true
  expect(peer.depth).toBe(1)
  peer.onBlock(BLOCK_BYTES, requestAt(0), 10_000)
  expect(peer.isStuck).toBe(false)
  peer.requests.push(requestAt(10_000))
  expect([peer.isSilent(11_900), peer.isSilent(12_100)]).toEqual([false, true])
})

test('a request is expected when those before it are answered, and not before what the silence says', () => {
  const peer = peerWith()
  serve(peer, 10 * BLOCK_BYTES, 1)
  const requests = Array.from({ length: 5 }, () => requestAt(3_000))
  peer.requests.push(...requests)
  expect(peer.etaOf(4, 3_000)).toBeCloseTo(0.5, 1)
  expect(peer.etaOfNext).toBeCloseTo(0.6, 1)
  expect(peer.etaOf(4, 9_000)).toBeCloseTo(6, 1)
})

test('what a slow peer would only answer after two seconds is late', () => {
  const peer = peerWith()
  serve(peer, 10 * BLOCK_BYTES, 1)
  peer.requests.push(...Array.from({ length: 32 }, () => requestAt(3_000)))
  expect(peer.late.length).toBeGreaterThanOrEqual(10)
  expect(peer.late.length).toBeLessThanOrEqual(12)
  expect(peerWith().late).toEqual([])
})

test('a block that was called back is known when it comes all the same, once', () => {
  const peer = peerWith()
  peer.onCalledBack(requestAt(0))
  expect(peer.onLateBlock(BLOCK_BYTES, 0, 1)).toBe(false)
  expect([peer.onLateBlock(BLOCK_BYTES, 0, 0), peer.onLateBlock(BLOCK_BYTES, 0, 0)]).toEqual([true, false])
})

test('pace sees through bursts, and what was not asked for does not count against it', () => {
  const pace = new Pace()
  for (let tick = 0; tick < 20; tick++) {
    if (tick % 5 === 0) pace.add(500_000)
    pace.measure(TICK, true)
  }
  expect(pace.bytesPerSecond).toBeCloseTo(1_000_000, -3)
  for (let tick = 0; tick < 50; tick++) pace.measure(TICK, false)
  expect(pace.bytesPerSecond).toBeCloseTo(1_000_000, -3)
  for (let tick = 0; tick < 10; tick++) pace.measure(TICK, true)
  expect(pace.bytesPerSecond).toBe(0)
})
