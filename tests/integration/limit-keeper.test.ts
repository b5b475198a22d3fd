import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LimitKeeper, type Limits, type Weighed } from '../../src/cleanup/limits.ts'
import { DiskRoom } from '../../src/disk/disk-room.ts'
import { volumeOf } from '../../src/disk/volume.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../src/domain/usage.ts'
import type { Log } from '../../src/observe/log.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }

function ignore(): void {
  // No listeners.
}

test('films are evicted before a download passes CACHE_MAX_SIZE, and then there is space for the background too', async () => {
  await using kept = await keptCache({ maxBytes: 100 * MIB }, ['old', 40 * MIB], ['new', 40 * MIB])
  expect(await kept.keepLimits()).toBe(0)
  kept.room.want('a film', { base: kept.root, bytes: 30 * MIB, neededBytes: 10 * MIB })
  expect(await kept.keepLimits()).toBe(40 * MIB)
  expect(kept.names()).toEqual(['new'])
  expect(kept.room.in(kept.root).spareBytes).toBe(60 * MIB)
})

test('above CACHE_MAX_SIZE nothing is fetched ahead of a viewer, except what the viewer needs', async () => {
  await using kept = await keptCache({ maxBytes: 100 * MIB }, ['watched', 140 * MIB])
  kept.watch('watched')
  kept.room.want('watched', { base: kept.root, bytes: 30 * MIB, neededBytes: 10 * MIB })
  expect(await kept.keepLimits()).toBe(0)
  const { bytes, spareBytes } = kept.room.in(kept.root)
  expect(bytes).toBeGreaterThan(100 * MIB)
  expect(spareBytes).toBe(0)
})

test('a wanted film is not evicted to make space for itself, but it is to keep a limit', async () => {
  await using kept = await keptCache({ maxBytes: 100 * MIB }, ['wanted', 90 * MIB])
  kept.room.want('wanted', { base: kept.root, bytes: 30 * MIB, neededBytes: 0 })
  expect(await kept.keepLimits()).toBe(0)
  kept.put('wanted', 101 * MIB)
  expect(await kept.keepLimits()).toBe(101 * MIB)
})

test('space to keep free is never given out, and films are evicted when more than the rest is wanted', async () => {
  // Other programs write to this disk and remove files meanwhile: half of what is free is far more than they do.
  const free = (await volumeOf(tmpdir())).freeBytes
  await using kept = await keptCache({ minFreeBytes: free / 2 }, ['old', 40 * MIB])
  expect(await kept.keepLimits()).toBe(0)
  expect(kept.room.in(kept.root).bytes).toBeLessThan(0.75 * free)
  expect(kept.room.in(kept.root).bytes).toBeGreaterThan(0)
  kept.room.want('a film', { base: kept.root, bytes: free, neededBytes: 10 * MIB })
  expect(await kept.keepLimits()).toBe(40 * MIB)
})

test('what is written while the disks are measured is subtracted from what was found', async () => {
  await using kept = await keptCache({ maxBytes: 100 * MIB }, ['old', 40 * MIB])
  kept.whileMeasuring(() => kept.room.spend(kept.root, 10 * MIB))
  await kept.keepLimits()
  expect(kept.room.in(kept.root).spareBytes).toBe(50 * MIB)
})

test('when a disk refuses writes despite free space, films are evicted one at a time', async () => {
  await using kept = await keptCache({}, ['old', 20 * MIB], ['new', 20 * MIB])
  kept.room.refuse('a film', kept.root, 'EDQUOT')
  expect(await kept.keepLimits()).toBe(20 * MIB)
  // The effect of the first eviction must show first.
  expect(await kept.keepLimits()).toBe(0)
  await expect.poll(() => kept.keepLimits()).toBe(20 * MIB)
})

test.for(['is read-only', 'is not ours alone'])(
  'from a disk that %s nothing is evicted, and nothing is fetched to it',
  async (how) => {
    await using kept = await keptCache({ maxBytes: 10 * MIB }, ['old', 20 * MIB])
    if (how === 'is read-only') kept.room.refuse('a film', kept.root, 'EROFS')
    else kept.unlock()
    await kept.keepLimits()
    expect(kept.names()).toEqual(['old'])
    expect(kept.room.in(kept.root).bytes).toBe(0)
  },
)

/** A cache that only seems to be on disk; the first film was read least recently. */
async function keptCache(limits: Partial<Limits>, ...films: [name: string, bytes: number][]) {
  const folder = await temporaryFolder()
  const root = folder.path
  const room = new DiskRoom()
  const cached = new Map<string, Weighed>()
  let isHeld = true
  let meanwhile: () => void = ignore
  const watched = new Set<string>()
  let lastReadAt = Date.now() - 10 * HOUR_MS
  const put = (name: string, bytes: number) => {
    lastReadAt += HOUR_MS
    cached.set(name, weighed(root, name, bytes, lastReadAt))
  }
  for (const film of films) put(...film)
  const cache = {
    measure: async () => undefined,
    bytesByBase: () => new Map([[root, [...cached.values()].reduce((sum, { bytes }) => sum + bytes, 0)]]),
    weighed: () =>
      [...cached.values()].map((film) => ({
        ...film,
        isUsed: watched.has(film.infoHash),
        isReadOnly: room.isReadOnly(root),
      })),
    remove: async (entries: readonly Weighed[]) => {
      for (const { infoHash } of entries) cached.delete(infoHash)
      return entries.reduce((sum, { bytes }) => sum + bytes, 0)
    },
  }
  const lock = {
    isHeld() {
      meanwhile()
      return isHeld
    },
  }
  const keeper = new LimitKeeper(
    { root, idleMs: HOUR_MS, minFreeBytes: 0, ...limits },
    { cache, room, lock },
    silent,
  )
  return {
    root,
    room,
    put,
    watch: (name: string) => void watched.add(name),
    names: () => [...cached.keys()],
    keepLimits: () => keeper.keep(),
    /** Runs when the free space was read and is not reported yet, if nothing has to be evicted. */
    whileMeasuring(work: () => void) {
      meanwhile = work
    },
    unlock: () => {
      isHeld = false
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

function weighed(root: string, name: string, bytes: number, lastReadAt: number): Weighed {
  const infoHash = name as InfoHash
  const directory = join(root, name)
  return {
    contents: { infoHash, directory, name, length: bytes, bytesOnDisk: bytes, files: {} },
    infoHash,
    bytes,
    usage: { ...newUsage('watched', 0), lastReadAt },
    isUsed: false,
    isAwaited: false,
    isGuessed: false,
  }
}
