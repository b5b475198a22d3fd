import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import { newUsage, type Selection, type Usage } from '../../../src/domain/usage.ts'
import { OwnerAdditions } from '../../../src/downloads/proposers/owner-additions.ts'
import type { CacheEntry } from '../../../src/torrent-index/index-entries.ts'

const INFO_HASH = 'a'.repeat(40) as InfoHash
const INFO: TorrentInfo = {
  ...{ name: 'Films', pieceLength: 16_384, length: 300, pieceCount: 1, isPrivate: false },
  pieceHashes: new Uint8Array(20),
  files: [100, 200].map((length, at) => {
    const name = `${at}.mkv`
    return { path: name, name, length, offset: at * 100, isPadding: false }
  }),
}

/** A torrent of two films, of which 30 bytes of the second are on disk. */
function startWith(wish: Selection | undefined) {
  const file = { name: '1.mkv', path: '', size: 200, bytesThere: 30 }
  const folder = { name: 'Films', directory: '/films', length: 300, bytesOnDisk: 30, isWhole: false }
  const state: { info: TorrentInfo | undefined; infosRead: number; isFlushed: boolean } = {
    info: INFO,
    infosRead: 0,
    isFlushed: false,
  }
  let entry = {
    contents: { infoHash: INFO_HASH, ...folder, files: { 1: file } },
    usage: { ...newUsage('added', 5), trackers: ['udp://tracker.example:1'], ...(wish && { wish }) },
  } as CacheEntry
  const index = {
    entries: () => [entry],
    get: (infoHash: InfoHash) => (infoHash === INFO_HASH ? entry : undefined),
    change(_: InfoHash, how: (usage: Usage) => Usage) {
      entry = { ...entry, usage: how(entry.usage) }
    },
    async flush() {
      state.isFlushed = true
    },
  }
  const additions = new OwnerAdditions(index, {
    async infoOf() {
      state.infosRead++
      return state.info
    },
  })
  return { additions, state, usage: () => entry.usage, only: () => additions.proposals()[0] }
}

test('what was added is proposed, with its trackers and the time when it was added', () => {
  expect(startWith('all').only()).toMatchObject({
    ...{ id: INFO_HASH, infoHash: INFO_HASH, priority: 'wanted', addedAt: 5 },
    trackers: ['udp://tracker.example:1'],
  })
})

test('a torrent that was not added is not proposed', async () => {
  const { additions, state } = startWith(undefined)
  expect([additions.proposals(), await additions.filesOf(INFO_HASH), state.infosRead]).toEqual([
    [],
    undefined,
    0,
  ])
})

test('the files are chosen from the metadata, and what is on disk of them is not missing', async () => {
  const proposal = startWith([1]).only()
  expect(proposal?.choose(INFO)).toEqual({ name: 'Films', portion: { files: [1] } })
  expect(await proposal?.needOf(undefined)).toEqual({ bytes: 200, missingBytes: 170 })
})

test('the metadata is read once for a selection', async () => {
  const { additions, state } = startWith('all')
  for (let n = 0; n < 3; n++)
    expect(await additions.filesOf(INFO_HASH)).toEqual({ files: [0, 1], bytes: 300 })
  expect(state.infosRead).toBe(1)
})

test('how much is missing is not known before the metadata is', async () => {
  const { additions, only, state } = startWith('main')
  state.info = undefined
  expect(await only()?.needOf(undefined)).toBeUndefined()
  state.info = INFO
  expect(await additions.filesOf(INFO_HASH)).toEqual({ files: [1], bytes: 200 })
})

test('files that the torrent does not have fail the download, and need no space', async () => {
  const { only } = startWith([7])
  expect(() => only()?.choose(INFO)).toThrow(expect.objectContaining({ code: 'wish.impossible' }))
  expect(await only()?.needOf(undefined)).toBeUndefined()
})

test('what is complete is no longer proposed, and its idle time begins', async () => {
  const { additions, only, usage, state } = startWith('all')
  const before = Date.now()
  await only()?.noteFetched()
  expect(additions.proposals()).toEqual([])
  expect([usage().wish, usage().trackers, state.isFlushed]).toEqual([undefined, undefined, true])
  expect(usage().lastReadAt).toBeGreaterThanOrEqual(before)
})
