import { link, open, stat, utimes } from 'node:fs/promises'
import { dirname } from 'node:path'
import { volumeOf } from '../disk/volume.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { copyBytes, tryReflink } from '../files/clone-file.ts'
import { makeFolder } from '../files/make-folder.ts'
import type { ImportContext } from './context.ts'
import type { How } from './report.ts'
import type { SourceFile } from './source-files.ts'

/** A file of the user's, and where it is to go. */
export interface Taking {
  readonly source: SourceFile
  /** nothing must be there yet */
  readonly to: string
  /** whether it may be the very same file; if not, it is one that can be written to */
  readonly mayLink: boolean
}

/**
 * Brings the user's files to new places, on the disk when this resolves: as hard links, else as copies that share their
 * blocks with them, else as copies, if there is room for all of those.
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
 * What {@link takeIn} will most likely do; only doing it shows what the file system can.
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
    `${root} has ${freeBytes} bytes free, of which CACHE_MIN_FREE keeps ${minFreeBytes}; copying needs ${neededBytes}`,
  )
}

async function takeWithoutCopying({ source, to, mayLink }: Taking): Promise<How | undefined> {
  await makeFolder(dirname(to))
  if (mayLink && (await tryLink(source.realPath, to))) return 'hard link'
  return (await tryReflink(source.realPath, to)) ? 'reflink' : undefined
}

/** @returns whether it is linked; whatever the reason that it is not, copying it is the other way */
async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch {
    return false
  }
  // It may have been written just now.
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
  const now = await stat(realPath).catch(() => undefined)
  const isSame = now?.ino === stats.ino && now.size === stats.size && now.mtimeMs === stats.mtimeMs
  if (!isSame) throw new SelfStremeError('media.damaged', `${path} was changed while it was being imported`)
}
