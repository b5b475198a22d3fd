import { expect, test } from 'vitest'
import type { TorrentFile, TorrentInfo } from '../../../../src/domain/bittorrent/metainfo.ts'
import type { PieceWindow } from '../../../../src/engine/engine.ts'
import { planWindows, type Reader, type Situation } from '../../../../src/torrents/fetching/window-planner.ts'

const KIB = 1024
const MIB = KIB * KIB
const PIECE = 256 * KIB
const PIECES_PER_MIB = MIB / PIECE

/** One film of 400 MiB, or the given files one after the other. */
function torrent(lengths: readonly number[] = [400 * MIB], pieceLength = PIECE): TorrentInfo {
  let length = 0
  const files = lengths.map((each, index): TorrentFile => {
    const offset = length
    length += each
    return { path: `${index}.mkv`, name: `${index}.mkv`, length: each, offset, isPadding: false }
  })
  const pieceCount = Math.ceil(length / pieceLength)
  return {
    name: 'film',
    pieceLength,
    length,
    pieceCount,
    pieceHashes: new Uint8Array(),
    files,
    isPrivate: false,
  }
}

function fileOf(info: TorrentInfo, index = 0): TorrentFile {
  const file = info.files[index]
  if (!file) throw new Error(`no file ${index}`)
  return file
}

function reader(info: TorrentInfo, position: number, more: Partial<Reader> = {}): Reader {
  const file = more.file ?? fileOf(info)
  return { file, position, end: file.length, delivered: 0, bytesPerSecond: 0, ...more }
}

function plan(info: TorrentInfo, readers: readonly Reader[], more: Partial<Situation> = {}) {
  const situation = { info, readers, background: [], isMissing: () => true, isDryElsewhere: false, ...more }
  const { windows } = planWindows(situation)
  const of = (wanted: PieceWindow['priority']) =>
    windows.filter(({ priority }) => priority === wanted).map(({ from, to }) => [from, to])
  return { urgent: of('urgent'), ahead: of('ahead'), background: of('background') }
}

/** A map in which all pieces but some are there. */
function missing(...ranges: readonly (readonly [from: number, to: number])[]) {
  return (piece: number) => ranges.some(([from, to]) => piece >= from && piece <= to)
}

test('a new reader gets a window of 1 MiB, and nothing else is fetched', () => {
  const info = torrent()
  expect(plan(info, [reader(info, 0)], { background: info.files })).toEqual({
    urgent: [[0, 3]],
    ahead: [],
    background: [],
  })
  expect(plan(info, [reader(info, 100 * MIB)]).urgent).toEqual([[400, 403]])
})

/** MiB from the start of the first window to the end of the last, for one reader at the start of a film. */
function mibAhead(more: Partial<Reader>): number {
  const info = torrent()
  const { urgent, ahead } = plan(info, [reader(info, 0, more)])
  return ([...urgent, ...ahead].at(-1)?.[1] ?? 0) / PIECES_PER_MIB + 1 / PIECES_PER_MIB
}

test('read-ahead grows while the reader reads, to 8 MiB or what it reads in ten seconds', () => {
  const delivered = [0, 1, 2, 4, 8, 16, 32, 64, 128, 100_000].map((mib) => mib * MIB)
  const sizesAt = (bytesPerSecond: number) =>
    delivered.map((bytes) => mibAhead({ delivered: bytes, bytesPerSecond }))
  expect(sizesAt(0)).toEqual([1, 2, 4, 8, 8, 8, 8, 8, 8, 8])
  expect(sizesAt(0.5 * MIB)).toEqual([1, 2, 4, 8, 8, 8, 8, 8, 8, 8])
  expect(sizesAt(2 * MIB)).toEqual([1, 2, 4, 8, 16, 16, 16, 16, 16, 16])
  expect(sizesAt(100 * MIB)).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64, 64])
})

test('the next two seconds of a reader come before its read-ahead', () => {
  const info = torrent()
  const windowsAt = (bytesPerSecond: number) =>
    plan(info, [reader(info, 0, { delivered: 100 * MIB, bytesPerSecond })])
  expect(windowsAt(0)).toMatchObject({ urgent: [[0, 3]], ahead: [[4, 31]] })
  expect(windowsAt(2 * MIB)).toMatchObject({ urgent: [[0, 15]], ahead: [[16, 63]] })
  expect(windowsAt(100 * MIB)).toMatchObject({ urgent: [[0, 255]], ahead: [] })
})

test('a window moves in steps, not with every slice', () => {
  const info = torrent()
  const ends = [0, 1, 3, 7].map((mib) => {
    const read = reader(info, mib * MIB, { delivered: 64 * MIB, bytesPerSecond: 4 * MIB })
    return plan(info, [read]).ahead[0]?.[1]
  })
  expect(new Set(ends).size).toBe(2)
})

test("a window ends where the reader's range ends", () => {
  const info = torrent()
  expect(plan(info, [reader(info, 0, { end: 1 })]).urgent).toEqual([[0, 0]])
  expect(plan(info, [reader(info, 0, { end: PIECE })]).urgent).toEqual([[0, 0]])
  expect(plan(info, [reader(info, 0, { end: PIECE + 1 })]).urgent).toEqual([[0, 1]])
  expect(plan(info, [reader(info, 400 * MIB - 1)]).urgent).toEqual([[1599, 1599]])
})

test('a window stays inside the file', () => {
  const info = torrent([10 * PIECE + 1, 10 * PIECE, 100 * MIB])
  const file = fileOf(info, 1)
  const read = reader(info, 0, { file, delivered: 1_000 * MIB, bytesPerSecond: 100 * MIB })
  expect(plan(info, [read]).urgent).toEqual([[10, 20]])
})

test('a window begins and ends with a missing piece', () => {
  const info = torrent()
  const read = reader(info, 0, { delivered: 4 * MIB, bytesPerSecond: 4 * MIB })
  expect(plan(info, [read], { isMissing: missing([5, 6], [9, 9]) }).urgent).toEqual([[5, 9]])
})

test('a bounded window ends with a missing piece too', () => {
  const info = torrent()
  const isMissing = missing([0, 10], [300, 1599])
  expect(plan(info, [], { background: info.files, isMissing }).background).toEqual([[0, 10]])
})

test.for([
  ['in the middle of a piece', 100],
  ['between two pieces', 5 * PIECE],
  ['at the end of the file', 400 * MIB],
] as const)('a reader at its end %s wants nothing and blocks nothing', ([, end]) => {
  const info = torrent()
  const { urgent, background } = plan(info, [reader(info, end, { end })], { background: info.files })
  expect(urgent).toEqual([])
  expect(background).not.toEqual([])
})

test('several readers have a window each', () => {
  const info = torrent()
  const readers = [
    reader(info, 0),
    reader(info, 50 * MIB, { delivered: 2 * MIB, bytesPerSecond: 2 * MIB }),
    reader(info, 300 * MIB),
  ]
  expect(plan(info, readers).urgent).toEqual([
    [0, 3],
    [200, 215],
    [1200, 1203],
  ])
})

test('readers at the same place share a window', () => {
  const info = torrent()
  expect(plan(info, [reader(info, 0), reader(info, 0)]).urgent).toEqual([[0, 3]])
})

test('readers of different files each have a window', () => {
  const info = torrent([10 * MIB, 10 * MIB])
  const readers = info.files.map((file) => reader(info, 0, { file }))
  expect(plan(info, readers).urgent).toEqual([
    [0, 3],
    [40, 43],
  ])
})

test('while a reader runs dry, nothing is fetched in the background', () => {
  const info = torrent()
  const satisfied = reader(info, 0)
  const dry = reader(info, 200 * MIB)
  const isMissing = missing([100, 1599])
  expect(plan(info, [satisfied], { background: info.files, isMissing }).background).not.toEqual([])
  expect(plan(info, [satisfied, dry], { background: info.files, isMissing }).background).toEqual([])
})

test('a reader with half of its window does not run dry', () => {
  const info = torrent()
  const isMissing = missing([2, 1599])
  const { urgent, background } = plan(info, [reader(info, 0)], { background: info.files, isMissing })
  expect(urgent).toEqual([[2, 3]])
  expect(background).not.toEqual([])
})

test('the background window is what lies after each reader', () => {
  const info = torrent()
  const readers = [reader(info, 10 * MIB), reader(info, 100 * MIB), reader(info, 50 * MIB)]
  const isMissing = missing([100, 110], [450, 1599])
  const { background } = plan(info, readers, { background: info.files, isMissing })
  expect(background.map(([from]) => from)).toEqual([100, 450])
})

test('the background window is bounded', () => {
  const info = torrent()
  const [[from = 0, to = 0] = []] = plan(info, [], { background: info.files }).background
  expect(from).toBe(0)
  expect(to / PIECES_PER_MIB).toBeGreaterThan(32)
  expect(to / PIECES_PER_MIB).toBeLessThan(96)
})

test('when nothing after the reader is missing, the part it skipped is fetched', () => {
  const info = torrent()
  const read = reader(info, 200 * MIB)
  const isMissing = missing([40, 60])
  expect(plan(info, [read], { background: info.files, isMissing })).toEqual({
    urgent: [],
    ahead: [],
    background: [[40, 60]],
  })
})

test('what lies after the reader comes before what it skipped', () => {
  const info = torrent()
  const isMissing = missing([40, 60], [900, 950])
  const { background } = plan(info, [reader(info, 200 * MIB)], { background: info.files, isMissing })
  expect(background).toEqual([[900, 950]])
})

test('nothing is fetched when all pieces are there', () => {
  const info = torrent()
  const readers = [reader(info, 0), reader(info, 399 * MIB)]
  const nothing = { urgent: [], ahead: [], background: [] }
  expect(plan(info, readers, { background: info.files, isMissing: () => false })).toEqual(nothing)
})

test('nothing is fetched without readers and files to finish', () => {
  const info = torrent()
  expect(plan(info, [])).toEqual({ urgent: [], ahead: [], background: [] })
})

test('only files to finish are fetched in the background', () => {
  const info = torrent([10 * MIB, 10 * MIB, 10 * MIB])
  const { background } = plan(info, [], { background: [fileOf(info, 1)] })
  expect(background.flat().every((piece) => piece >= 40 && piece < 80)).toBe(true)
})

test('a reader of another file does not move the start of the background window', () => {
  const info = torrent([10 * MIB, 100 * MIB])
  const read = reader(info, 9 * MIB)
  const isMissing = missing([40, 439])
  const { background } = plan(info, [read], { background: [fileOf(info, 1)], isMissing })
  expect(background.map(([from]) => from)).toEqual([40])
})

test('pieces of 16 MiB are fetched one or two at a time', () => {
  const info = torrent([400 * MIB], 16 * MIB)
  expect(plan(info, [reader(info, 0)]).urgent).toEqual([[0, 0]])
  expect(plan(info, [reader(info, 16 * MIB - 1)]).urgent).toEqual([[0, 1]])
  const { background } = plan(info, [], { background: info.files })
  expect((background[0]?.[1] ?? 0) * 16).toBeLessThanOrEqual(80)
})

test('a file smaller than any window is one window', () => {
  const info = torrent([100])
  const nothing = { urgent: [], ahead: [], background: [] }
  const background = info.files
  expect(plan(info, [reader(info, 0)], { background })).toEqual({ ...nothing, urgent: [[0, 0]] })
  expect(plan(info, [], { background })).toEqual({ ...nothing, background: [[0, 0]] })
})

test('while a reader of another torrent runs dry, nothing is fetched in the background', () => {
  const info = torrent()
  expect(plan(info, [], { background: info.files, isDryElsewhere: true }).background).toEqual([])
})

test('a reader of the head of a film gets the tail too, after its read-ahead', () => {
  const info = torrent()
  const started = reader(info, MIB, { delivered: MIB })
  expect(plan(info, [started], { background: info.files })).toEqual({
    urgent: [[4, 7]],
    ahead: [[8, 11]],
    background: [[1592, 1599]],
  })
  const elsewhere = reader(info, 101 * MIB, { delivered: MIB })
  expect(plan(info, [elsewhere], { background: info.files }).background).toEqual([])
})

test('the plan says whether a reader runs dry, for the other torrents', () => {
  const info = torrent()
  const situation = { info, background: [], isDryElsewhere: false }
  const readers = [reader(info, 0)]
  expect(planWindows({ ...situation, readers, isMissing: () => true }).isDry).toBe(true)
  expect(planWindows({ ...situation, readers, isMissing: () => false }).isDry).toBe(false)
  expect(planWindows({ ...situation, readers: [], isMissing: () => true }).isDry).toBe(false)
})

test('parts of files are fetched in the background while no reader of any torrent runs dry', () => {
  const info = torrent()
  const parts = [
    { from: 100, to: 107 },
    { from: 150, to: 153 },
  ]
  expect(plan(info, [], { parts }).background).toEqual([
    [100, 107],
    [150, 153],
  ])
  expect(plan(info, [], { parts, isMissing: missing([103, 104]) }).background).toEqual([[103, 104]])
  expect(plan(info, [], { parts, isDryElsewhere: true }).background).toEqual([])
  expect(plan(info, [reader(info, 0)], { parts }).background).toEqual([])
  expect(plan(info, [reader(info, 0)], { parts, isMissing: missing([100, 400]) }).background).toEqual([
    [100, 107],
    [150, 153],
  ])
})
