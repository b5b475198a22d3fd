import { expect, test } from 'vitest'
import { QueueDepth } from '../../../../../src/engine/child/fetch/queue-depth.ts'

const BLOCK = 16 * 1024

interface Link {
  readonly bytesPerSecond: number
  readonly roundTripMs: number
  /** how often the peer's limit hands out what may be sent */
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
  ['a slow one near by', { bytesPerSecond: 2_600_000, roundTripMs: 2, limitEveryMs: 10 }, 60],
  ['one that is far away', { bytesPerSecond: 2_600_000, roundTripMs: 50, limitEveryMs: 10 }, 120],
  ['a fast one that is far away', { bytesPerSecond: 40_000_000, roundTripMs: 50, limitEveryMs: 1 }, 110],
] as const)('%s is kept busy, and a new request does not wait long', ([, link, longestMs]) => {
  const { used, waitedMs } = talkTo(link)
  expect(used).toBeGreaterThan(0.9)
  expect(waitedMs).toBeLessThan(longestMs)
})

test('one that sends in bursts of half a second does not go short', () => {
  expect(talkTo({ bytesPerSecond: 2_600_000, roundTripMs: 2, limitEveryMs: 500 }).used).toBeGreaterThan(0.9)
})

test('nobody is asked for more than 256 blocks, and nobody for fewer than 2', () => {
  expect(talkTo({ bytesPerSecond: 1e9, roundTripMs: 50, limitEveryMs: 1 }).blocks).toBe(256)
  expect(talkTo({ bytesPerSecond: 20_000, roundTripMs: 2, limitEveryMs: 1 }).blocks).toBeGreaterThanOrEqual(2)
})

test('a queue that is not used up does not grow', () => {
  const depth = new QueueDepth()
  for (let tick = 0; tick < 50; tick++) {
    depth.onAnswer(5, 0)
    depth.onTick(30 * BLOCK)
  }
  expect(depth.blocks).toBeLessThan(5)
})
