import { link, open, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { volumeOf } from '../disk/volume.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { copyBytes, tryReflink } from '../files/clone-file.ts'
import { statIfThere } from '../files/if-there.ts'
import { makeFolder } from '../files/make-folder.ts'
import { isSameFile, isUnchanged } from '../files/same-file.ts'
import type { ImportContext } from './context.ts'
import type { How } from './report.ts'
import type { SourceFile } from './source-files.ts'

/** A file of the user, and its destination. */
export interface Taking {
  readonly source: SourceFile
  /** must not exist */
  readonly to: string
  /** whether a hard link will do; if not, the result must be a writable copy */
  readonly mayLink: boolean
}

/**
 * Brings the user's files to new places: as hard links, else as copies that share blocks (reflinks), else as full
 * copies if all of those fit. On disk when this resolves.
 *
 * @returns how each was brought, in the same order
 * @throws SelfStremeError `disk.full`; `media.damaged` if one was changed since it was found; the system's error
 */
export async function takeIn(
  takings: readonly Taking[],
  context: ImportContext,
  signal: AbortSignal,
): Promise<How[]> {
  const done = new Map<Taking, How>()
  for (const taking of takings) {
    signal.throwIfAborted()
    const how = await takeWithoutCopying(taking)
    if (how) done.set(taking, how)
  }
  const left = takings.filter((taking) => !done.has(taking))
  await copyAll(left, context, signal)
  for (const taking of takings) {
    if (done.get(taking) !== 'hard link') await keepDate(taking)
    await mustBeUnchanged(taking.source)
  }
  return takings.map((taking) => done.get(taking) ?? 'copy')
}

/**
 * Predicts what {@link takeIn} will do; only trying shows what the file system supports.
 *
 * @throws SelfStremeError `disk.full`
 */
export async function foresee(takings: readonly Taking[], context: ImportContext): Promise<How[]> {
  const { id } = await volumeOf(context.root)
  const isLinked = ({ source, mayLink }: Taking) => mayLink && source.stats.dev === id
  await checkRoom(
    takings.filter((taking) => !isLinked(taking)),
    context,
  )
  return takings.map((taking) => (isLinked(taking) ? 'hard link' : 'copy'))
}

/** @throws SelfStremeError `disk.full`, with the numbers */
async function checkRoom(copied: readonly Taking[], { root, minFreeBytes }: ImportContext): Promise<void> {
  const neededBytes = copied.reduce((sum, { source }) => sum + source.stats.blocks * 512, 0)
  const { freeBytes } = await volumeOf(root)
  if (neededBytes === 0 || neededBytes + minFreeBytes <= freeBytes) return
  throw new SelfStremeError(
    'disk.full',
    `${root} has ${freeBytes} bytes free, ${minFreeBytes} of them reserved by CACHE_MIN_FREE; copying needs ${neededBytes}`,
  )
}

async function takeWithoutCopying({ source, to, mayLink }: Taking): Promise<How | undefined> {
  await makeFolder(dirname(to))
  if (mayLink && (await tryLink(source.realPath, to))) return 'hard link'
  return (await tryReflink(source.realPath, to)) ? 'reflink' : undefined
}

/** @returns whether it is linked; whatever the reason for a failure, a copy is tried next */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch {
    return false
  }
  // Flushes the source: it may have been written just now.
  await using file = await open(to, 'r')
  await file.sync()
  return true
}

async function copyAll(
  takings: readonly Taking[],
  context: ImportContext,
  signal: AbortSignal,
): Promise<void> {
  await checkRoom(takings, context)
  const totalBytes = takings.reduce((sum, { source }) => sum + source.stats.size, 0)
  let doneBytes = 0
  const onCopied = (bytes: number) => {
    doneBytes += bytes
    context.onProgress({ step: 'copying', doneBytes, totalBytes })
  }
  for (const { source, to } of takings) await copyBytes(source.realPath, to, onCopied, signal)
}

async function keepDate({ source, to }: Taking): Promise<void> {
  await utimes(to, source.stats.atime, source.stats.mtime)
}

async function mustBeUnchanged({ path, realPath, stats }: SourceFile): Promise<void> {
  const now = await statIfThere(realPath)
  // Making a link to it has changed its ctime.
  if (!isUnchanged(now, stats) || !isSameFile(now, stats))
    throw new SelfStremeError('media.damaged', `${path} was changed while it was being imported`)
}
