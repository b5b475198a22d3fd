import { expect, test } from 'vitest'
import { createLister } from '../../../src/addon/make-list.ts'
import type { VideosOnDisk } from '../../../src/addon/videos-on-disk.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { DEFAULT_LIST_OPTIONS } from '../../../src/domain/list/list-options.ts'
import type { Metadata } from '../../../src/sources/metadata.ts'
import type { WithoutPeers } from '../../../src/torrents/without-peers.ts'

const HASH = 'a'.repeat(40) as InfoHash
const { signal } = new AbortController()
const REQUEST = {
  video: { kind: 'episode', id: 'tt1', season: 2, episode: 1 },
  options: DEFAULT_LIST_OPTIONS,
  delivery: 'proxy',
  isRelayed: false,
} as const
/** Counted from the first episode of the series, as fansubs do. */
const PACK: Candidate = {
  kind: 'torrent',
  infoHash: HASH,
  file: { kind: 'episode', season: 2, episode: 1 },
  title: '[Group] Show (01-04)',
  trackers: [],
  files: [1, 2, 3, 4].map((n) => {
    const name = `[Group] Show - 0${n}.mkv`
    return { path: name, name, length: 1_000, offset: 0, isPadding: false }
  }),
}
const TITLES: Metadata = {
  async find() {
    return {
      name: 'Show',
      aliases: [],
      year: 2020,
      episodes: new Map([1, 2, 3].map((n) => [`1:${n}`, `${n}`])),
    }
  },
}
const EMPTY: VideosOnDisk = {
  pack: async () => undefined,
  isPrivate: async () => false,
  video: async () => undefined,
}

type Swarms = Pick<WithoutPeers, 'sinceMs'>

interface Around {
  readonly disk?: VideosOnDisk
  readonly titles?: Metadata
  readonly swarms?: Swarms
}

function lister({ disk = EMPTY, titles, swarms = { sinceMs: () => undefined } }: Around = {}) {
  const search = { find: async () => ({ candidates: [PACK], report: [] }) }
  return createLister({ search, titles }, disk, swarms)
}

test('an episode is chosen by its number in the series when title and episode list are known', async () => {
  const { kept, choice } = await lister({ titles: TITLES })(REQUEST, signal)
  expect(choice).toMatchObject({ title: 'Show', year: 2020, absolute: 4 })
  expect(kept.map(({ found }) => found)).toMatchObject([
    { file: { kind: 'file', fileIdx: 3 }, fileName: '[Group] Show - 04.mkv' },
  ])
})

test.for<readonly [string, Metadata | undefined]>([
  ['never answers', { find: () => new Promise(() => undefined) }],
  ['fails', { find: () => Promise.reject(new Error('down')) }],
  ['does not know it', { find: () => Promise.resolve(undefined) }],
  ['is not there', undefined],
])('a list is made without titles when the title service %s', async ([, titles]) => {
  const { kept, dropped } = await lister(titles ? { titles } : {})(REQUEST, signal)
  expect([kept.length, dropped.map(({ why }) => why)]).toEqual([0, ['none of 4 videos is S02E01']])
})

test('the disk is not asked when the device downloads torrents itself', async () => {
  const asked: string[] = []
  const disk: VideosOnDisk = {
    ...EMPTY,
    async video({ infoHash, file }) {
      asked.push(`${infoHash}/${file.kind === 'file' ? file.fileIdx : file.kind}`)
      return { share: 1, size: 5, name: 'e.mkv' }
    },
  }
  const make = lister({ disk, titles: TITLES })
  const magnet = await make({ ...REQUEST, delivery: 'magnet' }, signal)
  expect([magnet.kept[0]?.disk, asked]).toEqual([undefined, []])
  const both = await make({ ...REQUEST, delivery: 'both' }, signal)
  expect([both.kept[0]?.disk?.share, asked]).toEqual([1, [`${HASH}/3`]])
})

test.for(['magnet', 'both', 'proxy'] as const)(
  'a list for "%s" marks torrents known to be private',
  async (delivery) => {
    const disk: VideosOnDisk = { ...EMPTY, isPrivate: async (infoHash) => infoHash === PACK.infoHash }
    const [listed] = (await lister({ disk, titles: TITLES })({ ...REQUEST, delivery }, signal)).kept
    expect(listed?.found).toMatchObject({ isPrivate: true })
    const [open] = (await lister({ titles: TITLES })({ ...REQUEST, delivery }, signal)).kept
    expect(open?.found).not.toHaveProperty('isPrivate')
  },
)

test.for([
  ['proxy', undefined, 90_000],
  ['magnet', undefined, 90_000],
  ['both', { share: 0.5, size: 5, name: 'e.mkv' }, 90_000],
  ['proxy', { share: 1, size: 5, name: 'e.mkv' }, undefined],
] as const)('a list for "%s" with %o on disk says how long a torrent has been without peers', async (row) => {
  const [delivery, there, expected] = row
  const disk: VideosOnDisk = { ...EMPTY, video: async () => there }
  const swarms: Swarms = { sinceMs: (infoHash) => (infoHash === HASH ? 90_000 : undefined) }
  const { kept } = await lister({ disk, titles: TITLES, swarms })({ ...REQUEST, delivery }, signal)
  expect(kept.map(({ withoutPeersMs }) => withoutPeersMs)).toEqual([expected])
})
