import { expect, test } from 'vitest'
import { firstShare, QueueDepth } from '../../../../../src/engine/child/fetch/queue-depth.ts'

const BLOCK = 16 * 1024

interface Link {
  readonly bytesPerSecond: number
  readonly roundTripMs: number
  /** how often the peer's rate limit lets it send */
  readonly limitEveryMs: number
}

/** Ten seconds with a peer that answers in order, in steps of a millisecond. */
function talkTo({ bytesPerSecond, roundTripMs, limitEveryMs }: Link) {
  const depth = new QueueDepth()
  const atPeer: { readonly askedAt: number; readonly ahead: number; readonly from: number }[] = []
  const onTheWay: { readonly askedAt: number; readonly ahead: number; readonly from: number }[] = []
  const answered: number[] = []
  let [open, quota, lastSecond, waitedMs] = [0, 0, 0, 0]
  for (let now = 0; now < 10_000; now++) {
    if (now % limitEveryMs === 0) quota = Math.max(quota % BLOCK, 0) + (bytesPerSecond * limitEveryMs) / 1000
    while (atPeer[0] && atPeer[0].from <= now && quota >= BLOCK) {
      quota -= BLOCK
      onTheWay.push({ ...atPeer[0], from: now + roundTripMs / 2 })
      atPeer.shift()
    }
    while (onTheWay[0] && onTheWay[0].from <= now) {
      waitedMs = now - onTheWay[0].askedAt
      depth.onAnswer(waitedMs, onTheWay[0].ahead)
      onTheWay.shift()
      answered.push(now)
      open--
      if (now >= 9_000) lastSecond++
    }
    for (; open < depth.blocks; open++) {
      atPeer.push({ askedAt: now, ahead: open, from: now + roundTripMs / 2 })
    }
    while (answered[0] !== undefined && answered[0] < now - 1_000) answered.shift()
    if (now % 100 === 99) depth.onTick((answered.length * BLOCK * 1000) / Math.min(1_000, now + 1))
  }
  return { blocks: depth.blocks, used: (lastSecond * BLOCK) / bytesPerSecond, waitedMs }
}

test.for([
  ['a slow peer near by', { bytesPerSecond: 2_600_000, roundTripMs: 2, limitEveryMs: 10 }, 60],
  ['a distant peer', { bytesPerSecond: 2_600_000, roundTripMs: 50, limitEveryMs: 10 }, 120],
  ['a fast and distant peer', { bytesPerSecond: 40_000_000, roundTripMs: 50, limitEveryMs: 1 }, 110],
] as const)('%s is kept busy, and a new request does not wait long', ([, link, longestMs]) => {
  const { used, waitedMs } = talkTo(link)
  expect(used).toBeGreaterThan(0.9)
  expect(waitedMs).toBeLessThan(longestMs)
})

test('a peer that sends in bursts of half a second is kept busy', () => {
  expect(talkTo({ bytesPerSecond: 2_600_000, roundTripMs: 2, limitEveryMs: 500 }).used).toBeGreaterThan(0.9)
})

test('the queue of a peer is at most 256 and at least 2 blocks deep', () => {
  expect(talkTo({ bytesPerSecond: 1e9, roundTripMs: 50, limitEveryMs: 1 }).blocks).toBe(256)
  expect(talkTo({ bytesPerSecond: 20_000, roundTripMs: 2, limitEveryMs: 1 }).blocks).toBeGreaterThanOrEqual(2)
})

test('a queue that is not used up does not get deeper', () => {
  const depth = new QueueDepth()
  for (let tick = 0; tick < 50; tick++) {
    depth.onAnswer(5, 0)
    depth.onTick(30 * BLOCK)
  }
  expect(depth.blocks).toBeLessThan(5)
})

test.for([
  [0, 64],
  [1, 64],
  [4, 64],
  [5, 52],
  [8, 32],
  [20, 13],
  [22, 12],
  [1_000, 12],
])('%i peers of which nothing is known are asked for %i blocks each', ([peers, blocks]) => {
  expect(firstShare(peers as number)).toBe(blocks)
})

test('a share counts until the rate of the peer is known, and then no more', () => {
  const depth = new QueueDepth()
  for (const share of [64, 8, 22]) {
    depth.startWith(share)
    expect(depth.blocks).toBe(share)
  }
  depth.onTick(0)
  depth.startWith(10)
  expect(depth.blocks).toBe(10)
  depth.onAnswer(100, 0)
  depth.onTick(50 * BLOCK)
  const { blocks } = depth
  expect(blocks).not.toBe(10)
  depth.startWith(64)
  expect(depth.blocks).toBe(blocks)
})
