import { lstat, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { piecesIn, writeBitfield } from '../domain/bittorrent/bitfield.ts'
import { filesIn } from '../domain/bittorrent/segments.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { newUsage } from '../domain/usage.ts'
import { readUsage, saveBits, saveKeptTrackers, saveState, saveUsage } from '../storage/folder-state.ts'
import { MadeFiles } from '../storage/made-files.ts'
import { mustBeOurs, OURS } from '../storage/mark.ts'
import { adoptFiles, findOwnFiles } from '../storage/own-files.ts'
import type { TorrentFileContents } from '../storage/torrent-file.ts'
import { filePaths, writeMetainfo } from '../storage/torrent-folder.ts'
import { finishFolder, makeUnfinishedFolder } from '../storage/unfinished-folder.ts'
import type { TorrentPart } from './choose-parts.ts'
import type { ImportContext } from './context.ts'
import type { How } from './report.ts'
import { takeIn } from './take-in.ts'
import type { TorrentPlace } from './torrent-place.ts'
import type { PieceVerdict } from './verify-pieces.ts'

/** What to put into a folder. */
export interface Filling {
  readonly torrent: TorrentFileContents
  readonly parts: readonly TorrentPart[]
  /** one for each piece, found in the imported files */
  readonly verdicts: readonly PieceVerdict[]
}

/**
 * Puts the user's files into the folder of a torrent, and saves the state of the folder.
 *
 * If interrupted at any point, the saved state is still true: a new folder gets its name when all of its content is on
 * disk; in an existing folder, each file is moved in with one rename before the state is saved.
 *
 * @returns how each part was imported, in the same order
 * @throws SelfStremeError `folder.in_use` if a file that is not ours has one of the names, and others
 */
export async function fillFolder(
  place: TorrentPlace,
  filling: Filling,
  context: ImportContext,
  signal: AbortSignal,
): Promise<How[]> {
  const { torrent } = filling
  if (place.isThere) return fill(place.directory, { place, filling }, context, signal)
  const unfinished = await makeUnfinishedFolder(context.root, torrent.infoHash)
  let hows: How[]
  try {
    hows = await fill(unfinished, { place, filling }, context, signal)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
  await finishFolder(unfinished, place.directory).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOTEMPTY' && cause.code !== 'EEXIST') throw cause
    throw new SelfStremeError('folder.in_use', `${place.directory} exists now: import again`, { cause })
  })
  return hows
}

/** What is put where. */
interface Work {
  readonly place: TorrentPlace
  readonly filling: Filling
}

/** @param directory - the folder to fill: that of the place, or an unfinished one that will take its name */
async function fill(
  directory: string,
  { place, filling }: Work,
  context: ImportContext,
  signal: AbortSignal,
): Promise<How[]> {
  const { parts, torrent } = filling
  const paths = filePaths(directory, torrent.info)
  await mustBeOurs(directory)
  await adoptFiles(directory, torrent.info)
  await mustBeFree(directory, paths, filling)
  const incoming = join(directory, OURS, 'incoming')
  // Left by an interrupted import.
  await rm(incoming, { recursive: true, force: true })
  const hows = await takeIn(
    parts.map(({ fileIdx, source, missingBytes }) => {
      return { source, to: join(incoming, String(fileIdx)), mayLink: missingBytes === 0 }
    }),
    context,
    signal,
  )
  // Checked again, because copying may have taken minutes.
  await mustBeFree(directory, paths, filling)
  const made = await MadeFiles.read(directory)
  for (const { fileIdx } of parts) {
    const [from, path] = [join(incoming, String(fileIdx)), paths[fileIdx] ?? '']
    await made?.add({ name: basename(path), stats: await lstat(from) })
    await rename(from, path)
  }
  await rm(incoming, { recursive: true, force: true })
  await note(directory, paths, { place, filling })
  return hows
}

/** Only files of ours are replaced. */
async function mustBeFree(directory: string, paths: readonly string[], filling: Filling): Promise<void> {
  const { others } = await findOwnFiles(directory, filling.torrent.info)
  const taken = filling.parts.map(({ fileIdx }) => paths[fileIdx]).find((path) => others.includes(path ?? ''))
  if (taken !== undefined)
    throw new SelfStremeError(
      'folder.in_use',
      `${taken} was not made by self-streme, or was changed since: remove it and import again`,
    )
}

async function note(directory: string, paths: readonly string[], { place, filling }: Work): Promise<void> {
  const { torrent, parts } = filling
  const whole = { ...place.found?.state.whole }
  for (const { fileIdx, missingBytes } of parts) {
    const { size, mtimeMs } = await stat(paths[fileIdx] ?? '')
    if (missingBytes === 0) whole[fileIdx] = { size, mtimeMs }
  }
  await writeMetainfo(directory, torrent.metainfo)
  const { info, trackers } = torrent
  if (info.isPrivate && trackers.length > 0)
    await saveKeptTrackers(directory, { urls: trackers, areOfFile: true })
  await saveBits(directory, piecesThere({ place, filling }))
  await saveState(directory, { whole })
  const usage = place.isThere ? await readUsage(directory) : newUsage('imported', Date.now())
  await saveUsage(directory, { ...usage, isPinned: true })
}

/** Pieces that are correct in the imported files and touch no skipped file, and those that were on disk before. */
function piecesThere({ place, filling }: Work): Uint8Array {
  const { parts, verdicts, torrent } = filling
  const { info } = torrent
  const here = new Set([...parts.map(({ fileIdx }) => fileIdx), ...place.complete])
  const before = new Set(piecesIn(place.found?.claimed ?? new Uint8Array(), info.pieceCount))
  const isBrought = (piece: number) =>
    verdicts[piece] === 'right' &&
    filesIn(info, piece).every((file) => here.has(file) || info.files[file]?.isPadding)
  return writeBitfield(info.pieceCount, (piece) => before.has(piece) || isBrought(piece))
}
