import { expect, test } from 'vitest'
import { assertFits, noRoomFor, refusal } from '../../../src/cleanup/fits.ts'
import { type Space, spaceFor } from '../../../src/cleanup/space.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../../src/domain/usage.ts'

const GB = 1e9
const ROOMY: Space = {
  maxBytes: 10 * GB,
  usedBytes: 0,
  evictableBytes: 0,
  heldBytes: 0,
  owedBytes: 0,
  disk: { freeBytes: 100 * GB, minFreeBytes: GB, evictableBytes: 0, owedBytes: 0 },
}

function fits(missing: number, space: Partial<Space>, disk: Partial<Space['disk']> = {}): boolean {
  const need = { bytes: missing * GB, missingBytes: missing * GB }
  return noRoomFor(need, { ...ROOMY, ...space, disk: { ...ROOMY.disk, ...disk } }) === undefined
}

test.for([
  ['into an empty cache', true, fits(10, {})],
  ['over the limit', false, fits(10.1, {})],
  ['without a limit', true, fits(90, { maxBytes: undefined })],
  ['where other torrents are kept', false, fits(5, { usedBytes: 6 * GB, heldBytes: 6 * GB })],
  ['where other torrents may go', true, fits(5, { usedBytes: 6 * GB, evictableBytes: GB })],
  ['where other torrents are still to be fetched', false, fits(5, { owedBytes: 6 * GB })],
  ['up to the free space to keep on the disk', true, fits(5, {}, { freeBytes: 6 * GB })],
  ['into the free space to keep on the disk', false, fits(5, {}, { freeBytes: 5.9 * GB })],
  ['where other torrents on the disk may go', true, fits(5, {}, { freeBytes: 5.9 * GB, evictableBytes: GB })],
  [
    'where other torrents are still to be fetched to the disk',
    false,
    fits(5, {}, { freeBytes: 9 * GB, owedBytes: 4 * GB }),
  ],
] as const)('whether a download fits %s', ([, expected, actual]) => {
  expect(actual).toBe(expected)
})

test('pinning a film that is complete needs no further space', () => {
  const space = { ...ROOMY, usedBytes: 10 * GB, heldBytes: 4 * GB }
  expect(noRoomFor({ bytes: 6 * GB, missingBytes: 0 }, space)).toBeUndefined()
})

test('a refusal gives its numbers in words and as fields', () => {
  const need = { bytes: 8 * GB, missingBytes: 6 * GB }
  const noRoom = noRoomFor(need, { ...ROOMY, usedBytes: 5 * GB, heldBytes: 3 * GB, owedBytes: 2 * GB })
  expect(noRoom).toEqual({
    neededBytes: 8 * GB,
    missingBytes: 6 * GB,
    heldBytes: 5 * GB,
    maxBytes: 10 * GB,
    evictableBytes: 0,
    freeBytes: 100 * GB,
    minFreeBytes: GB,
  })
  const { code, message, details } = refusal(noRoom as NonNullable<typeof noRoom>)
  expect([code, details]).toEqual(['cache.no_room', noRoom])
  for (const words of ['needs 8.0 GB', '6.0 GB', 'CACHE_MAX_SIZE: 10.0 GB', 'CACHE_MIN_FREE: 1.0 GB']) {
    expect(message).toContain(words)
  }
})

test('the space for one torrent is what all others leave', () => {
  const entry = (name: string, bytes: number, changes: object = {}, isAwaited = false) => ({
    infoHash: name as InfoHash,
    usage: { ...newUsage('watched', 0), ...changes },
    bytes,
    isUsed: false,
    isAwaited,
    isGuessed: false,
  })
  const others = [entry('pinned', 10, { isPinned: true }), entry('wished', 20, {}, true), entry('idle', 40)]
  const entries = [...others, entry('own', 80, { isPinned: true }, true)]
  const space = spaceFor('own' as InfoHash, {
    maxBytes: 1000,
    minFreeBytes: 1,
    freeBytes: 500,
    entries,
    beside: entries.slice(1),
    owed: new Map([
      ['wished', 5],
      ['own', 7],
    ]) as Map<InfoHash, number>,
  })
  expect(space).toEqual({
    maxBytes: 1000,
    usedBytes: 150,
    evictableBytes: 40,
    heldBytes: 30,
    owedBytes: 5,
    disk: { freeBytes: 500, minFreeBytes: 1, evictableBytes: 40, owedBytes: 5 },
  })
})

test.for([
  ['within the limits', {}, {}, true],
  ['by evicting others from the cache', { usedBytes: 6 * GB, evictableBytes: GB }, {}, false],
  ['by evicting others from the disk', {}, { freeBytes: 5.9 * GB, evictableBytes: GB }, false],
] as const)('what may not evict others fits only without that: %s', ([, space, disk, expected]) => {
  const need = { bytes: 5 * GB, missingBytes: 5 * GB }
  const all = { ...ROOMY, ...space, disk: { ...ROOMY.disk, ...disk } }
  expect(() => assertFits(need, all)).not.toThrow()
  const check = () => assertFits(need, all, { mayEvict: false })
  if (expected) expect(check).not.toThrow()
  else expect(check).toThrow(expect.objectContaining({ code: 'cache.no_room' }))
})
