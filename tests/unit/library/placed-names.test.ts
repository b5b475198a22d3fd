import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { TitleIndex } from '../../../src/library/title-index.ts'
import { filesPlaced } from '../../../src/library/torrent-files.ts'

const [A, B] = ['3', '4'].map((digit) => digit.repeat(40) as InfoHash) as [InfoHash, InfoHash]

test.for<readonly [string, readonly string[], readonly string[]]>([
  ['two info hashes are two films', [`${A}.mkv`, `${B}.mkv`], [`${A}.mkv`, `${B}.mkv`]],
  ['in brackets too', [`[${A}].mp4`, `(${B}).mp4`], [`[${A}].mp4`, `(${B}).mp4`]],
  ['a folder with the same info hash is no title', [`${A}/${A}.mkv`], [`${A}.mkv`]],
  ['a folder is the title of the only video in it', [`Film (2010)/${A}.mkv`], ['Film']],
  ['a folder of several is not', [`Films/${A}.mkv`, `Films/${B}.mkv`], [`${A}.mkv`, `${B}.mkv`]],
  [
    'words beside the info hash are the title',
    [`${A}-my film.mp4`, `Film [${B}].1080p.mkv`],
    ['Film', 'my film'],
  ],
])('placed videos in the library: %s', ([, paths, titles]) => {
  const files = filesPlaced('/films', paths.map(placed), new Map() as never)
  const index = new TitleIndex()
  for (const file of files) index.add(file)
  expect(
    index
      .works('movie')
      .map(({ title }) => title)
      .toSorted(),
  ).toEqual(titles.toSorted())
})

function placed(path: string) {
  const infoHashes = [A, B].filter((infoHash) => path.includes(infoHash))
  const name = path.split('/').at(-1) ?? ''
  return { path: `/films/${path}`, name, infoHashes, size: 2_000_000, mtimeMs: 0, fingerprint: path }
}
