import { expect, test } from 'vitest'
import type { VideoId } from '../../../src/domain/video-id.ts'
import type { ListedFor } from '../../../src/downloads/listed-videos.ts'
import { type NextUp, nextUp } from '../../../src/downloads/next-file.ts'

function packOf(...paths: string[]) {
  return {
    name: 'Show',
    files: paths.map((path) => ({ path, name: path, length: 1000, offset: 0, isPadding: false })),
  }
}

function episode(season: number | undefined, number: number, id = 'tt9'): VideoId {
  return { kind: 'episode', id, ...(season === undefined ? {} : { season }), episode: number }
}

function listed(video: VideoId, fileIdx?: number, group = 'g'): ListedFor {
  return { video, fileIdx, group }
}

const SEASON = packOf('Show.S01E01.mkv', 'Show.S01E02.mkv', 'Show.S01E03.mkv')
const ONE = packOf('Show.S01E01.mkv')
const NAMELESS = packOf('video.mkv')

interface Row {
  readonly what: string
  readonly pack: ReturnType<typeof packOf>
  readonly fileIdx: number
  readonly listed: readonly ListedFor[]
  readonly next: NextUp['kind']
  readonly is?: { readonly fileIdx?: number; readonly videos?: readonly VideoId[]; readonly group?: string }
}

test.for<Row>([
  {
    what: 'the next file of a pack that was in no list',
    pack: SEASON,
    fileIdx: 0,
    listed: [],
    next: 'file',
    is: { fileIdx: 1 },
  },
  {
    what: 'the next file of a pack that was listed',
    pack: SEASON,
    fileIdx: 1,
    listed: [listed(episode(1, 2), 1)],
    next: 'file',
    is: { fileIdx: 2 },
  },
  {
    what: 'the next file, though the pack was last listed for another episode',
    pack: SEASON,
    fileIdx: 0,
    listed: [listed(episode(1, 2)), listed(episode(1, 1))],
    next: 'file',
    is: { fileIdx: 1 },
  },
  {
    what: 'at the end of a pack the list of the next episode or season',
    pack: SEASON,
    fileIdx: 2,
    listed: [listed(episode(1, 3))],
    next: 'list',
    is: { videos: [episode(1, 4), episode(2, 1)], group: 'g' },
  },
  {
    what: 'nothing at the end of a pack that was in no list',
    pack: SEASON,
    fileIdx: 2,
    listed: [],
    next: 'none',
  },
  {
    what: 'the list, for a torrent of one episode',
    pack: ONE,
    fileIdx: 0,
    listed: [listed(episode(1, 1), 0, 'x')],
    next: 'list',
    is: { videos: [episode(1, 2), episode(2, 1)], group: 'x' },
  },
  {
    what: 'the list, for a file whose name says nothing',
    pack: NAMELESS,
    fileIdx: 0,
    listed: [listed(episode(3, 7))],
    next: 'list',
    is: { videos: [episode(3, 8), episode(4, 1)] },
  },
  {
    what: 'the next number in a catalogue without seasons',
    pack: NAMELESS,
    fileIdx: 0,
    listed: [listed(episode(undefined, 7, 'kitsu:5'), 0)],
    next: 'list',
    is: { videos: [episode(undefined, 8, 'kitsu:5')] },
  },
  {
    what: 'after a special the next special',
    pack: NAMELESS,
    fileIdx: 0,
    listed: [listed(episode(0, 1), 0)],
    next: 'list',
    is: { videos: [episode(0, 2)] },
  },
  {
    what: 'nothing after a film',
    pack: packOf('Film.1.mkv', 'Film.2.mkv'),
    fileIdx: 0,
    listed: [listed({ kind: 'movie', id: 'tt1' }, 0)],
    next: 'none',
  },
  { what: 'nothing for an unknown video', pack: NAMELESS, fileIdx: 0, listed: [], next: 'none' },
  {
    what: 'nothing from the list of another file',
    pack: packOf('a.mkv', 'b.mkv'),
    fileIdx: 0,
    listed: [listed(episode(1, 1), 1)],
    next: 'none',
  },
])('what is watched next: $what', ({ pack, fileIdx, listed, next, is = {} }) => {
  expect(nextUp(pack, fileIdx, listed)).toMatchObject({ kind: next, ...is })
})
