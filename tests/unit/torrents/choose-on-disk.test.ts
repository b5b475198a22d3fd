import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import type { FileChoice } from '../../../src/domain/choice/file-choice.ts'
import { chooseOnDisk } from '../../../src/torrents/choose-on-disk.ts'

const FILES = ['Show.S01E01.mkv', 'Show.S01E02.mkv'].map((name, at) => {
  return { path: name, name, length: 1_000, offset: at * 1_000, isPadding: false }
})
const PACK = {
  infoHash: 'a'.repeat(40) as InfoHash,
  name: 'Show.S01',
  files: FILES,
} as unknown as TorrentInfo

test.for<readonly [FileChoice, number | undefined, boolean]>([
  [{ kind: 'file', fileIdx: 7 }, 7, false],
  [{ kind: 'main' }, undefined, false],
  [{ kind: 'episode', season: 1, episode: 2 }, 1, true],
  [{ kind: 'episode', season: 2, episode: 2 }, undefined, true],
  [{ kind: 'only' }, undefined, true],
])('on disk, %j is file %s; the metadata is read: %s', async ([choice, fileIdx, isRead]) => {
  let reads = 0
  const readInfo = async () => {
    reads++
    return PACK
  }
  expect(await chooseOnDisk(choice, readInfo)).toBe(fileIdx)
  expect(reads).toBe(isRead ? 1 : 0)
})

test('without metadata on disk no episode is chosen', async () => {
  expect(await chooseOnDisk({ kind: 'episode', episode: 1 }, async () => undefined)).toBeUndefined()
})
