import { describe, expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { TorrentRegistry } from '../../../src/torrents/torrent-registry.ts'

const HASH = 'a'.repeat(40) as InfoHash
const OTHER = 'b'.repeat(40) as InfoHash

interface Loaded {
  readonly infoHash: InfoHash
  readonly number: number
}

/** A registry whose torrents are loaded when the test says so. */
function testRegistry() {
  const loads: { infoHash: InfoHash; end: (error?: Error) => void }[] = []
  const stale = new Set<Loaded>()
  const unloaded: Loaded[] = []
  const registry = new TorrentRegistry<Loaded>({
    load(infoHash) {
      const { promise, resolve, reject } = Promise.withResolvers<Loaded>()
      const torrent = { infoHash, number: loads.length }
      loads.push({ infoHash, end: (error) => (error ? reject(error) : resolve(torrent)) })
      return promise
    },
    isStale: async (torrent) => stale.has(torrent),
    unload: async (torrent) => void unloaded.push(torrent),
  })
  const acquire = (infoHash = HASH) => registry.acquire(infoHash, undefined, (torrent) => torrent)
  return {
    registry,
    loads,
    stale,
    unloaded,
    acquire,
    /** A torrent that is in memory. */
    async loaded(infoHash = HASH): Promise<Loaded> {
      const acquired = acquire(infoHash)
      loads.at(-1)?.end()
      return acquired
    },
    /** Exclusive work that ends when the test says so. */
    beginWork(infoHash = HASH) {
      const { promise, resolve, reject } = Promise.withResolvers<boolean>()
      const begun = Promise.withResolvers<Loaded | undefined>()
      const ended = registry.exclusively(infoHash, async (torrent) => {
        begun.resolve(torrent)
        return { isGone: await promise, result: 'done' }
      })
      ended.catch(() => undefined)
      return { begun: begun.promise, ended, end: (isGone: boolean) => resolve(isGone), fail: reject }
    },
  }
}

/** Lets everything run that can run without the test. */
async function settle(): Promise<void> {
  await new Promise(setImmediate)
}

describe('a torrent that is not in memory', () => {
  test('is loaded once for simultaneous callers', async () => {
    const { registry, loads, acquire } = testRegistry()
    const acquired = Promise.all([acquire(), acquire(), acquire()])
    expect(registry.find(HASH)).toBeUndefined()
    expect(registry.all()).toEqual([])
    loads[0]?.end()
    const [torrent] = await acquired
    expect(new Set(await acquired).size).toBe(1)
    expect(loads).toHaveLength(1)
    expect([registry.find(HASH), registry.all()]).toEqual([torrent, [torrent]])
  })

  test('that cannot be loaded is loaded again by the next caller', async () => {
    const { registry, loads, acquire } = testRegistry()
    const failed = Promise.all([acquire(), acquire()])
    loads[0]?.end(new Error('disk'))
    await expect(failed).rejects.toThrow('disk')
    expect(registry.find(HASH)).toBeUndefined()
    const acquired = acquire()
    loads[1]?.end()
    expect((await acquired).number).toBe(1)
  })

  test('can be worked on exclusively, and is loaded only afterwards', async () => {
    const { loads, acquire, beginWork, registry } = testRegistry()
    const work = beginWork()
    expect(await work.begun).toBeUndefined()
    const acquired = acquire()
    await settle()
    expect([loads.length, registry.all()]).toEqual([0, []])
    work.end(false)
    expect(await work.ended).toBe('done')
    await expect.poll(() => loads.length).toBe(1)
    loads[0]?.end()
    await acquired
  })

  test('is free at once', async () => {
    const { registry } = testRegistry()
    await registry.whenFree(HASH)
    expect(registry.all()).toEqual([])
  })
})

describe('a torrent that is being loaded', () => {
  test('is worked on exclusively when it is loaded', async () => {
    const { loads, acquire, beginWork } = testRegistry()
    const acquired = acquire()
    const work = beginWork()
    await settle()
    loads[0]?.end()
    expect(await work.begun).toBe(await acquired)
    work.end(false)
    await work.ended
  })

  test('is worked on exclusively also when it cannot be loaded', async () => {
    const { loads, acquire, beginWork } = testRegistry()
    const acquired = acquire()
    const work = beginWork()
    loads[0]?.end(new Error('disk'))
    await expect(acquired).rejects.toThrow('disk')
    expect(await work.begun).toBeUndefined()
    work.end(true)
    await work.ended
  })

  test('is not stopped by the lookup of another torrent', async () => {
    const { loads, acquire } = testRegistry()
    const first = acquire()
    const second = acquire(OTHER)
    loads[1]?.end()
    expect((await second).infoHash).toBe(OTHER)
    loads[0]?.end()
    expect((await first).infoHash).toBe(HASH)
  })
})

describe('a torrent in memory', () => {
  test('stays the same one', async () => {
    const { acquire, loaded, loads } = testRegistry()
    const torrent = await loaded()
    expect(await acquire()).toBe(torrent)
    expect(loads).toHaveLength(1)
  })

  test('is loaded again after it was forgotten', async () => {
    const { registry, acquire, loaded, loads } = testRegistry()
    const torrent = await loaded()
    registry.forget(torrent)
    expect(registry.find(HASH)).toBeUndefined()
    const acquired = acquire()
    loads[1]?.end()
    expect(await acquired).not.toBe(torrent)
  })

  test('is not forgotten in place of its successor', async () => {
    const { registry, loaded } = testRegistry()
    const first = await loaded()
    registry.forget(first)
    const second = await loaded()
    registry.forget(first)
    expect(registry.find(HASH)).toBe(second)
  })

  test('that is stale is unloaded once and loaded again for any number of callers', async () => {
    const { acquire, loaded, loads, stale, unloaded } = testRegistry()
    const torrent = await loaded()
    stale.add(torrent)
    const acquired = Promise.all([acquire(), acquire(), acquire()])
    await expect.poll(() => loads.length).toBe(2)
    loads[1]?.end()
    expect((await acquired).map(({ number }) => number)).toEqual([1, 1, 1])
    expect([unloaded, loads.length]).toEqual([[torrent], 2])
  })
})

describe('a torrent that is worked on exclusively', () => {
  test.for([
    [true, 'is gone', 2],
    [false, 'stays', 1],
  ] as const)('is given to waiting callers afterwards (gone: %s, so it %s)', async ([isGone, , times]) => {
    const { registry, acquire, loaded, loads, beginWork } = testRegistry()
    const torrent = await loaded()
    const work = beginWork()
    expect(await work.begun).toBe(torrent)
    // Its readers still have it.
    expect([registry.find(HASH), registry.all()]).toEqual([torrent, [torrent]])
    const order: string[] = []
    const free = registry.whenFree(HASH).then(() => order.push('free'))
    const acquired = acquire().then(() => order.push('acquired'))
    await settle()
    expect(order).toEqual([])
    work.end(isGone)
    await work.ended
    await settle()
    loads[1]?.end()
    await Promise.all([free, acquired])
    expect(order).toEqual(['free', 'acquired'])
    expect([loads.length, registry.find(HASH) === torrent]).toEqual([times, !isGone])
  })

  test('stays in memory when the work fails', async () => {
    const { registry, acquire, loaded, beginWork } = testRegistry()
    const torrent = await loaded()
    const work = beginWork()
    work.fail(new Error('disk'))
    await expect(work.ended).rejects.toThrow('disk')
    expect(await acquire()).toBe(torrent)
    expect(registry.all()).toEqual([torrent])
  })

  test('is worked on by one caller at a time', async () => {
    const { loaded, beginWork, registry } = testRegistry()
    const torrent = await loaded()
    const [first, second] = [beginWork(), beginWork()]
    const order: (number | undefined)[] = []
    void second.begun.then((given) => order.push(given?.number))
    await first.begun
    await settle()
    expect(order).toEqual([])
    first.end(true)
    expect(await second.begun).toBeUndefined()
    second.end(true)
    await second.ended
    expect([torrent.number, registry.all()]).toEqual([0, []])
  })

  test('is not forgotten meanwhile', async () => {
    const { registry, loaded, beginWork } = testRegistry()
    const torrent = await loaded()
    const work = beginWork()
    registry.forget(torrent)
    expect(registry.find(HASH)).toBe(torrent)
    work.end(false)
    await work.ended
    expect(registry.find(HASH)).toBe(torrent)
  })
})
