import type { Stats } from 'node:fs'
import { sep } from 'node:path'
import { chooseFile } from '../domain/choice/choose-file.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { MIN_VIDEO_BYTES } from '../domain/content-type.ts'
import { parseReleaseName, type ReleaseName } from '../domain/names/release-name.ts'
import { fileAt, settlingMs, whenSettled } from '../files/finished-writing.ts'
import type { IndexedFile } from './placed-folder.ts'
import type { Match } from './placed-marks.ts'

/** Segments of a path that are read: the file, and the folders that may give its season. */
const PARTS = 3
const INFO_HASH = /(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])/gi

/** A file that exists now. */
export interface FoundFile {
  readonly file: IndexedFile
  readonly stats: Stats
}

/** Whether a file may be served in its present state. */
export type MayServe = (found: FoundFile) => boolean

/**
 * Chooses among the files that stand for a torrent: the one with the requested name, else the largest. A file that is
 * still being written is waited for, unless there is another.
 */
export async function choosePlaced(
  files: readonly IndexedFile[],
  name: string | undefined,
  mayServe: MayServe,
  signal: AbortSignal,
): Promise<FoundFile | undefined> {
  const called = files.filter((file) => isCalled(file, name))
  return (await largest(called, mayServe, signal)) ?? largest(files, mayServe, signal)
}

async function largest(
  files: readonly IndexedFile[],
  mayServe: MayServe,
  signal: AbortSignal,
): Promise<FoundFile | undefined> {
  const now = Date.now()
  // A file that cannot be examined cannot be served.
  const there = await look(files, ({ path }) => fileAt(path).catch(() => undefined))
  const settled = there.filter(({ stats }) => settlingMs(stats, now) === 0)
  const writing = there.filter(({ stats }) => settlingMs(stats, now) > 0).map(({ file }) => file)
  return (
    best(settled, mayServe) ?? best(await look(writing, ({ path }) => whenSettled(path, signal)), mayServe)
  )
}

function best(found: readonly FoundFile[], mayServe: MayServe): FoundFile | undefined {
  return found
    .filter((each) => each.stats.size >= MIN_VIDEO_BYTES && mayServe(each))
    .sort((a, b) => b.stats.size - a.stats.size)
    .at(0)
}

async function look(
  files: readonly IndexedFile[],
  at: (file: IndexedFile) => Promise<Stats | undefined>,
): Promise<FoundFile[]> {
  const looked = await Promise.all(
    files.map(async (file) => {
      const stats = await at(file)
      return stats ? [{ file, stats }] : []
    }),
  )
  return looked.flat()
}

/**
 * The files that a choice may mean: any of them, those that may have the index, or the one whose name matches.
 *
 * @param wanted.name - file name in the link or in the list
 * @param matchOf - which files of the torrent a file matches, if it was compared
 */
export function filesFor(
  { choice, name }: { readonly choice: FileChoice; readonly name?: string | undefined },
  files: readonly IndexedFile[],
  matchOf: (file: IndexedFile) => Match | undefined,
): readonly IndexedFile[] {
  if (choice.kind === 'main') return files
  if (choice.kind !== 'file') return chooseByName(files, choice)
  const matching = files.filter((file) => {
    const match = matchOf(file)
    return match !== undefined && match !== 'mismatched' && match.includes(choice.fileIdx)
  })
  if (matching.length > 0) return matching
  const isAlone = files.filter((file) => matchOf(file) !== 'mismatched').length === 1
  const meant = name === undefined ? undefined : parseReleaseName(withoutHash(name))
  return files.filter(
    (file) => matchOf(file) === undefined && (isCalled(file, name) || mayBe(file, meant, isAlone)),
  )
}

/**
 * Whether a file whose index is unknown may be the one that is meant. A wrong episode is worse than none: if the names
 * of both are known and the file's has an episode, the other must have the same.
 *
 * @param meant - the parsed name of the file that is meant, if there is one
 * @param isAlone - whether it is the only file for its torrent
 */
function mayBe(file: IndexedFile, meant: Numbers | undefined, isAlone: boolean): boolean {
  if (!meant) return isAlone
  if (!isAlone && !saysEpisode(meant)) return false
  const own = parseReleaseName(shownPath(file.path))
  return saysEpisode(own) ? isSameEpisode(own, meant) : isAlone
}

type Numbers = Pick<ReleaseName, 'seasons' | 'episodes' | 'absolute' | 'date' | 'year'>

/** `Fast 07 (2015)` is a film: names of episodes without season have no year. */
function saysEpisode({ episodes, absolute, date, year }: Numbers): boolean {
  return episodes.length > 0 || (absolute.length > 0 && year === undefined) || date !== undefined
}

/** A number without season counts from the first episode, so it is not that of a later season. */
function isSameEpisode(a: Numbers, b: Numbers): boolean {
  if (a.date !== undefined || b.date !== undefined) return a.date === b.date
  return (
    shareOne(seasonsOf(a), seasonsOf(b)) &&
    shareOne([...a.episodes, ...a.absolute], [...b.episodes, ...b.absolute])
  )
}

function seasonsOf({ seasons }: Numbers): readonly number[] {
  return seasons.length > 0 ? seasons : [1]
}

function shareOne(a: readonly number[], b: readonly number[]): boolean {
  return a.some((each) => b.includes(each))
}

/** At most one file. */
function chooseByName(files: readonly IndexedFile[], choice: FileChoice): readonly IndexedFile[] {
  const listed = files.map(({ path, size: length }) => {
    const shown = shownPath(path)
    const name = shown.slice(shown.lastIndexOf('/') + 1)
    return { path: shown, name, length, offset: 0, isPadding: false }
  })
  const decision = chooseFile({ name: '', files: listed }, choice)
  return decision.kind === 'chosen' ? files.slice(decision.index, decision.index + 1) : []
}

/** The segments of a path that are read. */
function shownPath(path: string): string {
  return path.split(sep).slice(-PARTS).map(withoutHash).join('/')
}

/** The digits of an info hash are not episode numbers. */
function withoutHash(name: string): string {
  return name.replace(INFO_HASH, ' ')
}

/** Compared in one normal form: accented letters have two encodings, and file systems differ in which they return. */
export function isCalled(file: IndexedFile, name: string | undefined): boolean {
  return name !== undefined && file.name.normalize() === name.normalize()
}
