import { expect, test } from 'vitest'
import type { MakeList } from '../../../src/addon/make-list.ts'
import { type AnsweredList, createStreamService } from '../../../src/addon/stream-service.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { DEFAULT_LIST_OPTIONS } from '../../../src/domain/list/list-options.ts'
import { describe } from '../../../src/domain/list/listing.ts'
import type { Log } from '../../../src/observe/log.ts'

const ignore = () => undefined
const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }
const FOUND: Candidate = {
  ...{ kind: 'torrent', file: { kind: 'episode', season: 1, episode: 2 } },
  ...{ title: 'Show S01E02', bingeKey: 'group' },
  ...{ infoHash: 'a'.repeat(40) as InfoHash, trackers: [] },
}

test('listeners get every list that was answered to a device, and no list that another server asked for', async () => {
  const told: AnsweredList[] = []
  const madeList = { kept: [describe(FOUND)], dropped: [], sources: [], choices: new Map() }
  const makeList: MakeList = async () => ({ ...madeList, choice: { kind: 'episode', episode: 2 } })
  const { getList } = createStreamService({ trackers: [] }, makeList, (list) => void told.push(list), silent)
  const video = { kind: 'episode', id: 'tt1', season: 1, episode: 2 } as const
  const ask = (userAgent: string, isRelayed = false) =>
    getList(video, {
      ...{ userAgent, secChUa: undefined, isRelayed, client: '', list: DEFAULT_LIST_OPTIONS },
      ...{ baseUrl: 'http://127.0.0.1:7000', signal: new AbortController().signal },
    })
  await ask('VIDAA/6.0')
  await ask('')
  await ask('VIDAA/6.0', true)
  expect(told).toEqual([
    { video, found: [FOUND], delivery: 'proxy', client: 'VIDAA/6.0' },
    { video, found: [FOUND], delivery: 'magnet', client: '' },
  ])
})
