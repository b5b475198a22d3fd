import type { Stats } from 'node:fs'
import { sep } from 'node:path'
import { chooseFile } from '../domain/choice/choose-file.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { MIN_VIDEO_BYTES } from '../domain/content-type.ts'
import { fileAt, settlingMs, whenSettled } from '../files/finished-writing.ts'
import type { IndexedFile } from './placed-folder.ts'

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

/** The files that a choice may mean: any of them, as the user's files have no index, or those whose names match. */
export function filesFor(choice: FileChoice, files: readonly IndexedFile[]): readonly IndexedFile[] {
  return choice.kind === 'file' || choice.kind === 'main' ? files : chooseByName(files, choice)
}

/** At most one file. */
function chooseByName(files: readonly IndexedFile[], choice: FileChoice): readonly IndexedFile[] {
  const listed = files.map(({ path, size }) => {
    // The digits of an info hash are not episode numbers.
    const parts = path
      .split(sep)
      .slice(-PARTS)
      .map((part) => part.replace(INFO_HASH, ' '))
    return { path: parts.join('/'), name: parts.at(-1) ?? '', length: size, offset: 0, isPadding: false }
  })
  const decision = chooseFile({ name: '', files: listed }, choice)
  return decision.kind === 'chosen' ? files.slice(decision.index, decision.index + 1) : []
}

/** Compared in one normal form: accented letters have two encodings, and file systems differ in which they return. */
export function isCalled(file: IndexedFile, name: string | undefined): boolean {
  return name !== undefined && file.name.normalize() === name.normalize()
}
