import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { DiskRoom, type Room } from '../../../src/disk/disk-room.ts'

const FILMS = '/films'
const OTHERS = '/others'

function room(bytes: number, more: Partial<Room> = {}): Room {
  return {
    bytes,
    spareBytes: bytes,
    isReadOnly: false,
    freeBytes: bytes + 1_000_000,
    minFreeBytes: 1_000_000,
    ...more,
  }
}

/** A disk room that was measured once. */
function roomOf(found: Room, bases = [FILMS]): DiskRoom {
  const disks = new DiskRoom()
  disks.renew([{ bases, room: found }], disks.spentBytes)
  return disks
}

/** Clean-up that does `work` in each of its rounds. */
function cleanUp(disks: DiskRoom, work: () => void | Promise<void> = () => undefined) {
  const closing = new AbortController()
  let rounds = 0
  const serve = async () => {
    for await (const _ of disks.rounds.requests(closing.signal)) {
      using _round = disks.rounds.begin()
      rounds++
      await work()
    }
  }
  const served = serve()
  return {
    /** @returns how many rounds there were */
    async stop() {
      closing.abort()
      await served
      return rounds
    },
    /** How many rounds there were, once everything that was asked for is done. */
    async rounds() {
      await nextTurn()
      return rounds
    },
  }
}

/** Follows the changes; resolves to how many were seen so far. */
function follow(disks: DiskRoom): () => Promise<number> {
  const closing = new AbortController()
  let seen = 0
  const count = async () => {
    for await (const _ of disks.changes(closing.signal)) seen++
  }
  const counted = count()
  onTestFinished(() => {
    closing.abort()
    return counted
  })
  return () => nextTurn().then(() => seen)
}

test('space is unlimited until the disks were measured', async () => {
  const disks = new DiskRoom()
  await disks.need(FILMS, 1e15)
  disks.spend(FILMS, 1e15)
  expect(disks.in(FILMS).bytes).toBe(Number.POSITIVE_INFINITY)
})

test('spent bytes are subtracted at once, for all folders on the same disk', async () => {
  const disks = roomOf(room(1_000, { spareBytes: 300 }), [FILMS, OTHERS])
  disks.spend(FILMS, 400)
  expect(disks.in(OTHERS)).toMatchObject({ bytes: 600, spareBytes: 0 })
  disks.spend(OTHERS, 700)
  expect(disks.in(FILMS)).toMatchObject({ bytes: 0, spareBytes: 0 })
})

test('bytes spent during a measurement are subtracted from its result', () => {
  const disks = roomOf(room(1_000))
  disks.spend(FILMS, 50)
  const { spentBytes } = disks
  disks.spend(FILMS, 100)
  disks.renew([{ bases: [FILMS], room: room(500) }], spentBytes)
  expect(disks.in(FILMS).bytes).toBe(400)
})

test('no clean-up is requested while there is enough space', async () => {
  const disks = roomOf(room(1_000))
  const cleaning = cleanUp(disks)
  disks.want('a film', { base: FILMS, bytes: 1_000, neededBytes: 10 })
  await disks.need(FILMS, 1_000)
  expect([await cleaning.stop(), disks.isShort]).toEqual([0, false])
})

test.for([
  ['more than is left', { bytes: 1_001, neededBytes: 1_001 }],
  ['more background bytes than are spare', { bytes: 600, neededBytes: 0 }],
] as const)('wanting %s requests clean-up', async ([, demand]) => {
  const disks = roomOf(room(1_000, { spareBytes: 500 }))
  const cleaning = cleanUp(disks)
  disks.want('a film', { base: FILMS, ...demand })
  expect([await cleaning.rounds(), disks.isShort]).toEqual([1, true])
  disks.want('a film', { base: FILMS, bytes: 0, neededBytes: 0 })
  expect([disks.demands.size, disks.isShort]).toEqual([0, false])
  expect(await cleaning.stop()).toBe(1)
})

test('a demand in a folder that was never measured requests a measurement', async () => {
  const disks = roomOf(room(1_000))
  const cleaning = cleanUp(disks)
  disks.want('a film', { base: OTHERS, bytes: 10, neededBytes: 10 })
  expect(await cleaning.rounds()).toBe(1)
  disks.want('a film', { base: OTHERS, bytes: 0, neededBytes: 0 })
  expect(await cleaning.stop()).toBe(1)
})

test('a request for space waits until clean-up has made it', async () => {
  const disks = roomOf(room(10))
  const cleaning = cleanUp(disks, () => {
    expect([...disks.demands.values()]).toEqual([{ base: FILMS, bytes: 5_000, neededBytes: 5_000 }])
    disks.renew([{ bases: [FILMS], room: room(5_000) }], disks.spentBytes)
  })
  await disks.need(FILMS, 5_000)
  expect(disks.demands.size).toBe(0)
  expect(await cleaning.stop()).toBe(1)
})

test('a request for space during a round waits for the next one, which counts it', async () => {
  const disks = roomOf(room(10))
  const measured = [Promise.withResolvers<number>(), Promise.withResolvers<number>()]
  const waiting = measured.values()
  const cleaning = cleanUp(disks, async () => {
    const bytes = (await waiting.next().value?.promise) ?? 0
    disks.renew([{ bases: [FILMS], room: room(bytes) }], disks.spentBytes)
  })
  const first = disks.need(FILMS, 100)
  expect(await cleaning.rounds()).toBe(1)
  let isAnswered = false
  const second = disks.need(FILMS, 200).finally(() => {
    isAnswered = true
  })
  measured[0]?.resolve(100)
  await first
  expect([await cleaning.rounds(), isAnswered]).toEqual([2, false])
  measured[1]?.resolve(200)
  await second
  expect(await cleaning.stop()).toBe(2)
})

test.for([
  ['a full disk', room(10), undefined, 'disk.full', /full: 1\.0 MB free.*1\.0 MB .*CACHE_MIN_FREE/],
  [
    'a full disk with no minimum to keep free',
    room(10, { minFreeBytes: 0 }),
    undefined,
    'disk.full',
    /^(?!.*CACHE_MIN_FREE)/,
  ],
  ['a read-only disk', room(0, { isReadOnly: true }), undefined, 'disk.read_only', /read-only/],
  ['a disk that turns out to be read-only on a write', room(5_000), 'EROFS', 'disk.read_only', /read-only/],
  ['a quota that is used up', room(5_000), 'EDQUOT', 'disk.full', /share of the disk/],
] as const)('a request for space fails with the reason: %s', async ([, found, refusal, code, message]) => {
  const disks = roomOf(found)
  if (refusal) disks.refuse('another film', FILMS, refusal)
  await expect(disks.need(FILMS, 1_000)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  await expect(disks.need(FILMS, 1_000)).rejects.not.toMatchObject({
    message: expect.stringContaining(FILMS),
  })
})

test('a refused write leaves no space in its folder until no write there waits any more', async () => {
  const disks = roomOf(room(1_000), [FILMS, OTHERS])
  const changes = follow(disks)
  disks.refuse('one', FILMS, 'ENOSPC')
  expect(await changes()).toBe(1)
  disks.refuse('two', FILMS, 'ENOSPC')
  expect([disks.in(FILMS).bytes, disks.in(OTHERS).bytes]).toEqual([0, 1_000])
  expect(await changes()).toBe(2)
  disks.settle('one')
  expect(disks.in(FILMS).bytes).toBe(0)
  expect(await changes()).toBe(3)
  disks.settle('two')
  expect(disks.in(FILMS).bytes).toBe(1_000)
  expect(await changes()).toBe(4)
  disks.settle('two')
  expect(await changes()).toBe(4)
})

test('a change after the end is not seen', async () => {
  const disks = roomOf(room(1_000))
  const leaving = new AbortController()
  const next = disks.changes(leaving.signal).next()
  leaving.abort()
  disks.refuse('a film', FILMS, 'ENOSPC')
  expect(await next).toMatchObject({ done: true })
})

test('a refused write requests clean-up', async () => {
  const disks = roomOf(room(1_000))
  const cleaning = cleanUp(disks)
  disks.refuse('a film', FILMS, 'ENOSPC')
  expect([await cleaning.stop(), disks.isShort]).toEqual([1, true])
})

test('listeners are notified of a new measurement only while a demand waits for space', async () => {
  const disks = roomOf(room(1_000))
  const changes = follow(disks)
  disks.renew([{ bases: [FILMS], room: room(1_000) }], disks.spentBytes)
  expect(await changes()).toBe(0)
  disks.want('a film', { base: FILMS, bytes: 2_000, neededBytes: 2_000 })
  disks.renew([{ bases: [FILMS], room: room(3_000) }], disks.spentBytes)
  expect(await changes()).toBe(1)
})

test('the change by which space runs out is seen, too', async () => {
  const disks = roomOf(room(3_000))
  const changes = follow(disks)
  disks.want('a film', { base: FILMS, bytes: 2_000, neededBytes: 2_000 })
  disks.renew([{ bases: [FILMS], room: room(1_000) }], disks.spentBytes)
  expect(await changes()).toBe(1)
})

test('what is reported runs nothing of clean-up and of downloads before the call returns', async () => {
  const disks = roomOf(room(10))
  const ran: string[] = []
  const closing = new AbortController()
  const follower = async () => {
    for await (const _ of disks.changes(closing.signal)) ran.push('change')
  }
  const followed = follower()
  const cleaning = cleanUp(disks, () => void ran.push('round'))
  disks.want('a film', { base: FILMS, bytes: 20, neededBytes: 20 })
  disks.refuse('a film', FILMS, 'ENOSPC')
  disks.settle('a film')
  disks.renew([{ bases: [FILMS], room: room(5) }], disks.spentBytes)
  expect(ran).toEqual([])
  await cleaning.rounds()
  await cleaning.stop()
  closing.abort()
  await followed
  // Changes in quick succession count as one, and so do requests before a round begins.
  expect(ran.toSorted()).toEqual(['change', 'round'])
})
