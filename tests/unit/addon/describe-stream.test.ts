import { expect, test } from 'vitest'
import { describeStream } from '../../../src/addon/describe-stream.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { describe, type OnDisk } from '../../../src/domain/list/listing.ts'

/** letters that a phone shows of a line */
const PHONE = 40
const TV = 60
const GB = 1e9

interface Case {
  readonly more?: Partial<Candidate>
  readonly disk?: OnDisk
  readonly withoutPeersMs?: number
}

function linesOf(releaseName: string, { more, disk, withoutPeersMs }: Case = {}): string[] {
  const found: Candidate = {
    kind: 'torrent',
    file: { kind: 'main' },
    infoHash: 'a'.repeat(40) as InfoHash,
    title: 'Copper Harbor S02E03',
    releaseName,
    trackers: [],
    ...more,
  }
  return describeStream(describe(found, disk, withoutPeersMs)).split('\n')
}

test.for<readonly [string, Case, readonly string[]]>([
  [
    'Copper.Harbor.S02E03.1080p.WEB-DL.DDP5.1.H.264-GRP',
    { more: { seeders: 12, size: { bytes: 2.14 * GB, of: 'file', exact: true } } },
    ['1080p', '👤 12', '2.14 GB', 'Copper.Harbor.S02E03'],
  ],
  [
    'Copper.Harbor.S02.German.DL.2160p.HDR10+.WEB.HEVC-GRP',
    {
      more: {
        seeders: 1_234,
        size: { bytes: 31.5 * GB, of: 'file', exact: true },
        fileName: 'Copper Harbor - 03.mkv',
      },
    },
    ['2160p HDR10+', '👤 1234', '31.50 GB', 'de', 'Copper Harbor - 03'],
  ],
  [
    'Copper Harbor (2023) iTA ENG FRE GER 720p BluRay',
    { disk: { share: 1, size: 4 * GB, name: 'harbor.mkv' }, more: { seeders: 5 } },
    ['720p', '⚡ on disk', '4.00 GB', ' +', 'harbor.mkv'],
  ],
  [
    'Copper.Harbor.2023.FRENCH.1080p',
    { disk: { share: 0.437, size: 4 * GB, name: 'harbor.mkv' }, more: { seeders: 5 } },
    ['1080p', '⬇ 43 %', '👤 5', '4.00 GB', 'fr'],
  ],
  [
    'Copper.Harbor.2023.RUSSIAN.1080p',
    { withoutPeersMs: 120_000, more: { seeders: 5, size: { bytes: 4 * GB, of: 'file', exact: false } } },
    ['1080p', '⚠ no peers 2 min ago', '4.00 GB'],
  ],
  [
    'Copper Harbor',
    { more: { quality: "Director's cut in 1080p, with comments" } },
    ['Director', 'Copper Harbor'],
  ],
  ['Медная гавань', { more: { seeders: 0 } }, ['👤 0', 'Медная гавань']],
])(
  'the first line for "%s" has all facts, in order, and the file where the line is cut',
  ([name, more, facts]) => {
    const [first = ''] = linesOf(name, more)
    let at = -1
    for (const fact of facts) {
      const next = first.indexOf(fact, at + 1)
      expect(next, `${fact} in ${first}`).toBeGreaterThan(at)
      at = next
    }
    // All but the file is on a phone's screen.
    const shown = [...first].slice(0, PHONE).join('')
    for (const fact of facts.slice(0, -1)) expect(shown).toContain(fact)
    expect([...first].length).toBeLessThanOrEqual(TV)
  },
)

test('the first line is the name when nothing else is known', () => {
  expect(linesOf('Copper Harbor')).toEqual(['Copper Harbor', 'Copper Harbor S02E03'])
})

test('the other lines give title, file and technical details, and repeat nothing of the first line', () => {
  const release = 'Copper.Harbor.S02.1080p.WEB-DL.DDP5.1.H.264-GRP'
  const fileName = 'Copper.Harbor.S02E03.A.Title.That.Is.Long.1080p.WEB-DL.mkv'
  expect(linesOf(release, { more: { fileName, seeders: 7 } })).toEqual([
    '1080p · 👤 7 · Copper.Harbor.S02E03.A.Title.That.Is.Long.108…',
    'Copper Harbor S02E03',
    fileName,
    expect.stringMatching(/^WEB-DL · .* · GRP$/),
  ])
  expect(linesOf(release, { more: { fileName: '03.mkv', title: '03.mkv' } })).toEqual([
    '1080p · 03.mkv',
    expect.stringMatching(/^WEB-DL · .* · GRP$/),
  ])
})

test.for(['a\nb', 'a\r\nb', 'a\rb'])(
  'a name of several lines (%j) puts only its first line into the description',
  (title) => {
    const more = { title, releaseName: undefined as never, quality: '720p', seeders: 3 }
    expect(linesOf('', { more })[0]).toBe('720p · 👤 3 · a')
  },
)
