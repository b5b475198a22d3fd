import { expect, test } from 'vitest'
import { Janitor, type Remover } from '../../../src/cleanup/janitor.ts'
import { DiskRoom } from '../../../src/disk/disk-room.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage, type Usage } from '../../../src/domain/usage.ts'
import type { CacheEntry } from '../../../src/torrent-index/index-entries.ts'
import { recordingLog } from '../../support/recording-log.ts'

const [FIRST, SECOND, THIRD] = ['a', 'b', 'c'].map((digit) => digit.repeat(40)) as [
  InfoHash,
  InfoHash,
  InfoHash,
]
const LONG_AGO = 1_000
const FILM = { directory: '/films/film', name: 'Film', length: 10, bytesOnDisk: 10, files: {} }

/** A janitor over three idle films; while it removes the first of them, `meanwhile` happens. */
function janitorOver(usages: Partial<Record<InfoHash, Partial<Usage>>>, meanwhile: Partial<Usage>) {
  const entries = new Map<InfoHash, CacheEntry>()
  for (const infoHash of [FIRST, SECOND, THIRD]) {
    const usage = { ...newUsage('watched', LONG_AGO), lastReadAt: LONG_AGO, ...usages[infoHash] }
    entries.set(infoHash, { contents: { ...FILM, infoHash }, usage })
  }
  const removed: InfoHash[] = []
  const torrents: Remover = {
    isUsed: () => false,
    isAwaited: () => false,
    isGuessed: () => false,
    measure: async () => undefined,
    async remove(infoHashes, isKept) {
      for (const infoHash of infoHashes) {
        if (isKept(infoHash)) continue
        removed.push(infoHash)
        entries.delete(infoHash)
        const second = entries.get(SECOND)
        if (second) entries.set(SECOND, { ...second, usage: { ...second.usage, ...meanwhile } })
      }
      return { removed: removed.length, freedBytes: 0 }
    },
  }
  const index = { entries: () => [...entries.values()], get: (infoHash: InfoHash) => entries.get(infoHash) }
  const options = {
    root: '/films',
    idleMs: 1,
    maxBytes: undefined,
    minFreeBytes: 0,
    onShutdown: 'all',
  } as const
  const parts = { index, torrents, room: new DiskRoom(), lock: { isHeld: () => true } }
  return { janitor: new Janitor(options, parts, recordingLog().log), removed }
}

test.for([
  ['pinned', { isPinned: true }],
  ['added by the owner', { wish: 'main' }],
] as const)('a film that is %s while others are removed stays', async ([, meanwhile]) => {
  const { janitor, removed } = janitorOver({}, meanwhile)
  expect(await janitor.cleanup()).toMatchObject({ removed: 2 })
  expect(removed).toEqual([FIRST, THIRD])
  await janitor[Symbol.asyncDispose]()
})

test('on shutdown, films that were being added go as well, and pinned ones stay', async () => {
  const { janitor, removed } = janitorOver({ [FIRST]: { wish: 'main' }, [THIRD]: { isPinned: true } }, {})
  await janitor[Symbol.asyncDispose]()
  expect(removed).toEqual([FIRST, SECOND])
})
