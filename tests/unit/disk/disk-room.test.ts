import { expect, test } from 'vitest'
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
async function roomOf(found: Room, bases = [FILMS]): Promise<DiskRoom> {
  const disks = new DiskRoom()
  await disks.renew(async () => [{ bases, room: found }])
  return disks
}

test('space is unlimited until the disks were measured', async () => {
  const disks = new DiskRoom()
  await disks.need(FILMS, 1e15)
  disks.spend(FILMS, 1e15)
  expect(disks.in(FILMS).bytes).toBe(Number.POSITIVE_INFINITY)
})

test('spent bytes are subtracted at once, for all folders on the same disk', async () => {
  const disks = await roomOf(room(1_000, { spareBytes: 300 }), [FILMS, OTHERS])
  disks.spend(FILMS, 400)
  expect(disks.in(OTHERS)).toMatchObject({ bytes: 600, spareBytes: 0 })
  disks.spend(OTHERS, 700)
  expect(disks.in(FILMS)).toMatchObject({ bytes: 0, spareBytes: 0 })
})

test('bytes spent during a measurement are subtracted from its result', async () => {
  const disks = await roomOf(room(1_000))
  await disks.renew(async () => {
    disks.spend(FILMS, 100)
    return [{ bases: [FILMS], room: room(500) }]
  })
  expect(disks.in(FILMS).bytes).toBe(400)
})

test('no clean-up is requested while there is enough space', async () => {
  const disks = await roomOf(room(1_000))
  let asked = 0
  disks.servedBy(async () => void asked++)
  disks.want('a film', { base: FILMS, bytes: 1_000, neededBytes: 10 })
  await disks.need(FILMS, 1_000)
  expect([asked, disks.isShort]).toEqual([0, false])
})

test.for([
  ['more than is left', { bytes: 1_001, neededBytes: 1_001 }],
  ['more background bytes than are spare', { bytes: 600, neededBytes: 0 }],
] as const)('wanting %s requests clean-up', async ([, demand]) => {
  const disks = await roomOf(room(1_000, { spareBytes: 500 }))
  let asked = 0
  disks.servedBy(async () => void asked++)
  disks.want('a film', { base: FILMS, ...demand })
  expect([asked, disks.isShort]).toEqual([1, true])
  disks.want('a film', { base: FILMS, bytes: 0, neededBytes: 0 })
  expect([disks.demands.size, disks.isShort]).toEqual([0, false])
})

test('a demand in a folder that was never measured requests a measurement', async () => {
  const disks = await roomOf(room(1_000))
  let asked = 0
  disks.servedBy(async () => void asked++)
  disks.want('a film', { base: OTHERS, bytes: 10, neededBytes: 10 })
  expect(asked).toBe(1)
  disks.want('a film', { base: OTHERS, bytes: 0, neededBytes: 0 })
  expect(asked).toBe(1)
})

test('a request for space waits until clean-up has made it', async () => {
  const disks = await roomOf(room(10))
  disks.servedBy(() => disks.renew(async () => [{ bases: [FILMS], room: room(5_000) }]))
  await disks.need(FILMS, 5_000)
  expect(disks.demands.size).toBe(0)
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
  const disks = await roomOf(found)
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
  const disks = await roomOf(room(1_000), [FILMS, OTHERS])
  let told = 0
  disks.onChange(() => told++)
  disks.refuse('one', FILMS, 'ENOSPC')
  disks.refuse('two', FILMS, 'ENOSPC')
  expect([disks.in(FILMS).bytes, disks.in(OTHERS).bytes]).toEqual([0, 1_000])
  disks.settle('one')
  expect(disks.in(FILMS).bytes).toBe(0)
  disks.settle('two')
  expect(disks.in(FILMS).bytes).toBe(1_000)
  expect(told).toBe(4)
})

test('listeners are notified of a new measurement only while a demand waits for space', async () => {
  const disks = await roomOf(room(1_000))
  let told = 0
  disks.onChange(() => told++)
  await disks.renew(async () => [{ bases: [FILMS], room: room(1_000) }])
  expect(told).toBe(0)
  disks.want('a film', { base: FILMS, bytes: 2_000, neededBytes: 2_000 })
  await disks.renew(async () => [{ bases: [FILMS], room: room(3_000) }])
  expect(told).toBe(1)
})
