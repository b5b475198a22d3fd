import { describe, expect, test } from 'vitest'
import { type ConnectedPeer, leastUseful } from '../../../../../src/engine/child/dialler/least-useful.ts'
import { timeLimits } from '../../../../../src/engine/child/dialler/time-limits.ts'

const NOW = 100_000
const peer = (change: Partial<ConnectedPeer> & { readonly age?: number; readonly since?: number } = {}) => {
  const { age = 60_000, since = 60_000, ...rest } = change
  return {
    joinedAt: NOW - age,
    chokingChangedAt: NOW - Math.min(since, age),
    hasPieces: true,
    isChoking: false,
    isAsked: true,
    rate: 1_000_000,
    ...rest,
  }
}

describe('whether a single peer loses its place when it', () => {
  test.for([
    // the peer, whether it goes when the torrent is hungry, and when it is not
    ['gives a lot', peer(), false, false],
    ['gives 20 KB/s', peer({ rate: 20 * 1024 }), false, false],
    ['gives less for longer than 10 s', peer({ rate: 20 * 1024 - 1, since: 10_001 }), true, true],
    ['gives less for 10 s', peer({ rate: 0, since: 10_000 }), false, false],
    ['gives nothing and is asked for nothing', peer({ rate: 0, isAsked: false }), false, false],
    ['has nothing for longer than 2 s', peer({ hasPieces: false, age: 2_001, rate: 0 }), true, true],
    ['has nothing for 2 s', peer({ hasPieces: false, age: 2_000, rate: 0 }), false, false],
    ['has nothing, and does not choke', peer({ hasPieces: false, isChoking: false }), true, true],
    ['chokes for 5 s', peer({ isChoking: true, since: 5_000, rate: 0 }), false, false],
    ['chokes for longer', peer({ isChoking: true, since: 5_001, rate: 0 }), true, false],
    ['chokes for longer than 35 s', peer({ isChoking: true, since: 35_001, rate: 0 }), true, true],
  ] as const)('%s', ([, one, ifHungry, otherwise]) => {
    expect(leastUseful([one], true, NOW) === one).toBe(ifHungry)
    expect(leastUseful([one], false, NOW) === one).toBe(otherwise)
  })
})

describe('of several peers', () => {
  const [empty, choking, slow, good] = [
    peer({ hasPieces: false, age: 3_000 }),
    peer({ isChoking: true, rate: 0 }),
    peer({ rate: 100 }),
    peer(),
  ]

  test('the one without pieces goes first, then the choking one, then the slow one, and never a good one', () => {
    const peers = new Set([good, slow, choking, empty])
    const order = []
    for (let least = leastUseful(peers, true, NOW); least; least = leastUseful(peers, true, NOW)) {
      order.push(least)
      peers.delete(least)
    }
    expect(order).toEqual([empty, choking, slow])
    expect([...peers]).toEqual([good])
  })

  test('that are equally useless the one connected for longest goes', () => {
    const [young, old, between] = [10_000, 50_000, 20_000].map((age) => peer({ hasPieces: false, age }))
    expect(leastUseful([young, old, between] as ConnectedPeer[], true, NOW)).toBe(old)
  })
})

test.for([
  ['another address waits', true, false, { connect: 2_000, handshake: 3_000 }],
  ['no other waits', false, false, { connect: 5_000, handshake: 10_000 }],
  ['another address waits, encrypted', true, true, { connect: 2_000, handshake: 6_000 }],
  ['no other waits, encrypted', false, true, { connect: 5_000, handshake: 20_000 }],
] as const)('the time limit of a dial when %s', ([, isAnotherWaiting, isEncrypted, expected]) => {
  expect(timeLimits(isAnotherWaiting, isEncrypted)).toEqual(expected)
})
