import { expect, test } from 'vitest'
import { streamFileName } from '../../../src/addon/stream-file-name.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'

const FOUND: Candidate = {
  kind: 'torrent',
  file: { kind: 'main' },
  infoHash: 'a'.repeat(40) as InfoHash,
  title: 'Copper Harbor',
  trackers: [],
}

test.for(['Film.MKV', 'a/b.mp4', 'kiln.ts', '日本語.avi'])(
  'the name of a known file, %s, stays as it is',
  (name) => {
    expect(streamFileName({ ...FOUND, releaseName: 'Other.Name' }, name)).toBe(name)
  },
)

test.for([
  ['Copper.Harbor.2023.1080p.WEB.H264-GRP', 'Copper.Harbor.2023.1080p.WEB.H264-GRP.mkv'],
  ['Copper Harbor (2023) [1080p] [YTS.MX]', 'Copper Harbor (2023) [1080p] [YTS.MX].mp4'],
  ['Copper.Harbor.2009.DVDRip.XviD-GRP', 'Copper.Harbor.2009.DVDRip.XviD-GRP.avi'],
  ['Copper Harbor DivX', 'Copper Harbor DivX.avi'],
  ['Copper Harbor [1080p][MP4]', 'Copper Harbor [1080p][MP4].mp4'],
  ['Copper.Harbor.2023.mkv', 'Copper.Harbor.2023.mkv'],
  ['Copper.Harbor.2023.HDTV.x264.wmv', 'Copper.Harbor.2023.HDTV.x264.wmv'],
  // A copy made in a cinema (TS), not a transport stream.
  ['Copper.Harbor.2024.TS', 'Copper.Harbor.2024.TS.mkv'],
  ['Copper.Harbor.2023.1080p.torrent', 'Copper.Harbor.2023.1080p.mkv'],
  ['Copper.Harbor.2023.rar', 'Copper.Harbor.2023.mkv'],
  ['www.site.im - Мідна гавань / Copper Harbor', 'www.site.im - Мідна гавань _ Copper Harbor.mkv'],
  ['Film?tr=udp://t.org:1&x=y', 'Film_tr=udp___t.org_1&x=y.mkv'],
  ['two\nlines\tand\u202e more', 'twolinesand more.mkv'],
] as const)('release %j gets the file name %j', ([releaseName, expected]) => {
  expect(streamFileName({ ...FOUND, releaseName }, undefined)).toBe(expected)
})

test.for(['', '   ', '...', '\u200b', '/', '?', '.mkv'])(
  'release %j gets a usable file name',
  (releaseName) => {
    expect(streamFileName({ ...FOUND, releaseName }, undefined)).toMatch(/^[^./?].*\.mkv$/)
  },
)

test('a stream without a release name is called by its title, with an extension added when it has none', () => {
  expect(streamFileName(FOUND, undefined)).toBe('Copper Harbor.mkv')
  expect(streamFileName(FOUND, '')).toBe('Copper Harbor.mkv')
  expect(streamFileName(FOUND, 'Copper Harbor S01E02')).toBe('Copper Harbor S01E02.mkv')
})

test('a long file name is cut and keeps its extension', () => {
  const name = streamFileName({ ...FOUND, releaseName: 'Гавань '.repeat(10_000) }, undefined)
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
  expect(name).toMatch(/\.mkv$/)
})
