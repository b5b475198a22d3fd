import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { Assembly, BLOCK_BYTES } from '../../../../../src/engine/child/fetch/assembly.ts'
import { Pace } from '../../../../../src/engine/child/fetch/pace.ts'
import { type BlockRequest, Peer } from '../../../../../src/engine/child/fetch/peer.ts'

const TICK = 0.1

function peerWith(extendedHandshake: object = {}, request: Wire['request'] = () => undefined): Peer {
  return new Peer({
    request,
    peerExtendedHandshake: extendedHandshake,
    destroyed: false,
    peerChoking: false,
  } as unknown as Wire)
}

function requestAt(askedAt: number): BlockRequest {
  return { assembly: new Assembly<Peer>(0, Buffer.alloc(BLOCK_BYTES)), block: 0, askedAt, ahead: 0 }
}

/** Lets a peer answer at a steady pace for two seconds, with that delay for each request. */
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

test('a new peer is asked for 32 blocks at once, or for its own limit', () => {
  expect([peerWith().depth, peerWith({ reqq: 10 }).depth, peerWith({ reqq: 500 }).depth]).toEqual([
    32, 10, 32,
  ])
  for (const reqq of [-1, 0, 'many', Number.NaN, null])
    expect(peerWith({ reqq }).depth, String(reqq)).toBe(32)
})

test('a new peer is asked for its share, or for its own limit, or for four blocks on trial', () => {
  const peer = peerWith({ reqq: 30 })
  peer.share = 22
  expect([peer.depth, peer.room]).toEqual([22, 22])
  peer.share = 64
  expect(peer.depth).toBe(30)
  peer.isOnTrial = true
  expect(peer.depth).toBe(4)
  peer.isOnTrial = false
  peer.requests.push(...Array.from({ length: 30 }, () => requestAt(0)))
  peer.share = 8
  expect(peer.room).toBe(0)
  peer.requests.length = 0
  serve(peer, 100 * BLOCK_BYTES, 20)
  const { depth } = peer
  peer.share = 64
  expect(peer.depth).toBe(depth)
})

test('a peer gets new requests when a quarter of its queue is free, not after each block', () => {
  const peer = peerWith()
  peer.requests.push(...Array.from({ length: 25 }, () => requestAt(0)))
  expect(peer.room).toBe(0)
  peer.requests.pop()
  expect(peer.room).toBe(8)
})

test('a new peer is asked for four blocks on trial while other peers deliver', () => {
  const peer = peerWith()
  peer.isOnTrial = true
  expect([peer.depth, peer.room]).toEqual([4, 4])
  peer.requests.push(...Array.from({ length: 32 }, () => requestAt(0)))
  expect(peer.room).toBe(0)
  peer.requests.length = 0
  peer.onBlock(BLOCK_BYTES, requestAt(0), 10)
  expect(peer.depth).toBe(32)
})

test('a stuck peer is only asked again for what it owes, and one block ends that', () => {
  const asked: number[][] = []
  const answers: (() => void)[] = []
  const peer = peerWith({}, (...[piece, offset, length, done]) => {
    asked.push([piece, offset, length])
    answers.push(() => done(new Error('refused'), null))
  })
  peer.requests.push(requestAt(0))
  peer.getStuck()
  expect([peer.isFit, peer.depth, peer.room, peer.etaOfNext(0)]).toEqual([
    false,
    0,
    0,
    Number.POSITIVE_INFINITY,
  ])
  for (const now of [0, 100, 4_900]) peer.askAgain(now)
  expect(asked).toEqual([[0, 0, BLOCK_BYTES]])
  // A peer that refuses is asked again, but not all the time.
  answers[0]?.()
  for (const now of [5_000, 5_100, 5_900]) peer.askAgain(now)
  expect(asked).toHaveLength(2)
  expect(peer.onLateBlock(BLOCK_BYTES, 0, 0, 6_000)).toBe(true)
  expect([peer.isFit, peer.depth]).toEqual([true, 32])
})

test('a silent peer has a late estimate, though it was fast before', () => {
  const peer = peerWith()
  serve(peer, 100 * BLOCK_BYTES, 1)
  expect(peer.etaOfNext(3_000)).toBeLessThan(0.2)
  peer.requests.push(requestAt(3_000))
  for (let tick = 0; tick < 9; tick++) peer.onTick(TICK)
  expect(peer.etaOfNext(3_900)).toBeGreaterThan(0.7)
  expect(peer.secondsFor(1)).toBeGreaterThan(0.7)
})

test("the estimate of a request follows the requests before it, and the peer's silence", () => {
  const peer = peerWith()
  serve(peer, 10 * BLOCK_BYTES, 1)
  const requests = Array.from({ length: 5 }, () => requestAt(3_000))
  peer.requests.push(...requests)
  expect(peer.etaOf(4, 3_000)).toBeCloseTo(0.5, 1)
  expect(peer.etaOfNext(3_000)).toBeCloseTo(0.6, 1)
  expect(peer.etaOf(4, 9_000)).toBeCloseTo(6, 1)
})

test('requests that a slow peer would answer after more than two seconds are late', () => {
  const peer = peerWith()
  serve(peer, 5 * BLOCK_BYTES, 1)
  peer.requests.push(...Array.from({ length: 32 }, () => requestAt(3_000)))
  expect(peer.late.length).toBeGreaterThanOrEqual(21)
  expect(peer.late.length).toBeLessThanOrEqual(23)
  expect(peerWith().late).toEqual([])
})

test('a cancelled block that arrives anyway is recognised once', () => {
  const peer = peerWith()
  peer.onCancelled(requestAt(0), 0)
  expect(peer.onLateBlock(BLOCK_BYTES, 0, 1, 0)).toBe(false)
  expect([peer.onLateBlock(BLOCK_BYTES, 0, 0, 0), peer.onLateBlock(BLOCK_BYTES, 0, 0, 0)]).toEqual([
    true,
    false,
  ])
})

test('pace averages over bursts, and time without requests does not lower it', () => {
  const pace = new Pace()
  for (let tick = 0; tick < 20; tick++) {
    if (tick % 5 === 0) pace.add(500_000)
    pace.measure(TICK, true)
  }
  expect(pace.bytesPerSecond).toBeCloseTo(1_000_000, -3)
  for (let tick = 0; tick < 50; tick++) pace.measure(TICK, false)
  expect(pace.bytesPerSecond).toBeCloseTo(1_000_000, -3)
  // Silence lowers the pace, and never makes it unknown.
  for (let tick = 0; tick < 100; tick++) pace.measure(TICK, true)
  expect(pace.bytesPerSecond).toBeGreaterThan(0)
  expect(pace.bytesPerSecond).toBeLessThan(100_000)
})
