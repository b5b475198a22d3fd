import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Janitor } from '../../src/cleanup/janitor.ts'
import { DiskRoom } from '../../src/disk/disk-room.ts'
import type { Usage } from '../../src/domain/usage.ts'
import { createLog } from '../../src/observe/log.ts'
import { type } from '../support/command-line.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { userWith } from '../support/users-files.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const SIZE = 4 * MIB

interface Left extends AsyncDisposable {
  readonly root: string
  /** names of the films that are left */
  there(): Promise<string[]>
  urlOf(name: string, app: TestApp): string
}

/** A folder with films of 4 MiB, last read an hour ago, and more of their usage. */
async function leaveFilms(films: Readonly<Record<string, Partial<Usage>>>): Promise<Left> {
  const folder = await temporaryFolder()
  const lastReadAt = Date.now() - HOUR_MS
  const left = new Map<string, Awaited<ReturnType<typeof leaveCompleteTorrent>>>()
  for (const [name, usage] of Object.entries(films)) {
    const files = [{ name: `${name}.mkv`, bytes: patternBytes(SIZE, name) }]
    const fullUsage = { playsAt: Date.now(), ...usage }
    left.set(name, await leaveCompleteTorrent({ root: folder.path, files, lastReadAt, usage: fullUsage }))
  }
  return {
    root: folder.path,
    async there() {
      const found = await Promise.all(
        [...left].map(([name, { directory }]) =>
          access(directory).then(
            () => [name],
            () => [],
          ),
        ),
      )
      return found.flat()
    },
    urlOf: (name, app) => `${app.url}/stream/proxy/${left.get(name)?.infoHash}`,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

function settings(left: Left, maxSize: string): Record<string, string> {
  return {
    TORRENT_DOWNLOAD_PATH: left.root,
    TORRENT_CLEANUP_INTERVAL: String(100 * HOUR_MS),
    CACHE_MAX_SIZE: maxSize,
    CACHE_MIN_FREE: '0',
  }
}

const FILMS = {
  pinned: { isPinned: true },
  popular: { plays: 12, seeders: 3 },
  rare: { plays: 1, seeders: 0 },
  common: { plays: 1, seeders: 200 },
  unplayed: {},
}

describe('a cache above its limit', () => {
  test('evicts what is worth least, down to nine tenths of the limit', async () => {
    await using left = await leaveFilms(FILMS)
    // 20 MiB are there: one film of 4 MiB less keeps the limit, but two are needed for nine tenths of it, 15.3.
    await using _app = await startTestApp(settings(left, `${17 * MIB}`))
    await expect.poll(() => left.there()).toEqual(['pinned', 'popular', 'rare'])
  })

  test('keeps pinned films, whatever the limit is', async () => {
    await using left = await leaveFilms(FILMS)
    await using app = await startTestApp(settings(left, '1'))
    await expect.poll(() => left.there()).toEqual(['pinned'])
    await app.app.janitor.keepLimits()
    expect(await left.there()).toEqual(['pinned'])
  })

  test('keeps the film being watched, until a minute after its viewer left', async () => {
    await using left = await leaveFilms(FILMS)
    await using app = await startTestApp(settings(left, `${1000 * MIB}`))
    const viewer = await openStream(left.urlOf('unplayed', app))
    await readBytes(viewer, 1000)
    await using tight = new Janitor(
      { root: left.root, idleMs: 100 * HOUR_MS, onShutdown: 'none', maxBytes: 1, minFreeBytes: 0 },
      {
        index: app.app.index,
        torrents: app.app.torrents,
        room: new DiskRoom(),
        lock: { isHeld: () => true },
      },
      createLog({ level: 'error', format: 'text' }),
    )
    await tight.keepLimits()
    expect(await left.there()).toEqual(['pinned', 'unplayed'])
    expect((await readBytes(viewer, SIZE - 1000)).equals(patternBytes(SIZE, 'unplayed').subarray(1000))).toBe(
      true,
    )
    await tight.keepLimits()
    expect(await left.there()).toEqual(['pinned', 'unplayed'])
    expect((await app.app.janitor.explain()).kept.map(({ why }) => why)).toEqual(
      expect.arrayContaining(['pinned', expect.stringMatching(/^read \d+ s ago/)]),
    )
  })
})

test('a viewer keeps reading while other films are evicted, cleaned up and imported', async () => {
  await using left = await leaveFilms(FILMS)
  await using app = await startTestApp(settings(left, `${10 * MIB}`))
  const viewer = await openStream(left.urlOf('common', app))
  await readBytes(viewer, 1000)
  await using user = await userWith({
    'One.mkv': patternBytes(SIZE, 'one'),
    'Two.mkv': patternBytes(SIZE, 'two'),
  })
  const imported = Promise.all(
    ['One.mkv', 'Two.mkv'].map((name) =>
      type(['import', join(user.home, name), '--create'], { TORRENT_DOWNLOAD_PATH: left.root }),
    ),
  )
  await app.app.janitor.keepLimits()
  await app.app.janitor.cleanup()
  expect((await imported).map(({ code }) => code)).toEqual([0, 0])
  await app.app.janitor.cleanup()
  expect((await readBytes(viewer, SIZE - 1000)).equals(patternBytes(SIZE, 'common').subarray(1000))).toBe(
    true,
  )
  expect(await left.there()).toEqual(['pinned', 'common'])
  const names = () => app.app.index.entries().map(({ contents }) => contents.name)
  await expect.poll(names).toEqual(expect.arrayContaining(['One.mkv', 'Two.mkv']))
})

test('the owner can ask what is evicted next, and why', async () => {
  await using left = await leaveFilms(FILMS)
  await using app = await startTestApp(settings(left, `${1000 * MIB}`))
  const { next, kept, usedBytes, maxBytes } = await app.app.janitor.explain()
  expect(next.map(({ name }) => name)).toEqual(['unplayed.mkv', 'common.mkv', 'rare.mkv', 'popular.mkv'])
  expect(next[1]?.why).toMatch(
    /^1\.0 plays .*last read 60 min ago, 200 seeders when last seen, 0\.00 GB; idle in/,
  )
  expect(next[3]?.why).toMatch(/popular: removed only when space is needed$/)
  expect(kept).toMatchObject([{ name: 'pinned.mkv', why: 'pinned' }])
  expect(usedBytes).toBeGreaterThanOrEqual(5 * SIZE)
  expect(maxBytes).toBe(1000 * MIB)
})
