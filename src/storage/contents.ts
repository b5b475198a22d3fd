import { join } from 'node:path'
import { hasPiece } from '../domain/bittorrent/bitfield.ts'
import { safeFileNames } from '../domain/bittorrent/file-names.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { pieceLengthAt, piecesOf, type TorrentFile, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { mainFileOf } from '../domain/choice/choose-file.ts'
import { type FolderState, readFolder } from './folder-state.ts'
import { bytesOnDisk } from './torrent-folder.ts'
import { HASHED_END } from './video-hash.ts'

/** What there is of a torrent on disk, so that it is known without opening it. Sizes are bytes. */
export interface Contents {
  readonly infoHash: InfoHash
  readonly directory: string
  readonly name: string
  /** all files together */
  readonly length: number
  /** really taken; less than the files are long, where they are sparse */
  readonly bytesOnDisk: number
  /** the file that is played when none is asked for */
  readonly mainFile?: number | undefined
  /** files of which something is there, by index */
  readonly files: Readonly<Record<string, FileContents>>
  /** Nothing is missing of any file. */
  readonly isWhole: boolean
}

export interface FileContents {
  /** as the torrent calls it */
  readonly name: string
  readonly path: string
  readonly size: number
  readonly bytesThere: number
  /** whether head and tail are there and were looked at: all that OpenSubtitles' hash is made of */
  readonly hasEnds?: boolean
  /** when it was last changed, if it is whole: one that was changed since is looked at again; epoch ms */
  readonly wholeMtimeMs?: number | undefined
}

/**
 * @param isThere - whether a piece is on disk, verified or claimed
 * @param isVerified - whether it is, and was looked at
 */
export function contentsOf(
  infoHash: InfoHash,
  directory: string,
  info: TorrentInfo,
  state: FolderState,
  isThere: (piece: number) => boolean,
  isVerified: (piece: number) => boolean,
  bytesOnDisk: number,
): Contents {
  const names = safeFileNames(info.files)
  const files: Record<string, FileContents> = {}
  let isWhole = true
  for (const [index, file] of info.files.entries()) {
    if (file.isPadding || file.length === 0) continue
    const whole = state.whole[index]
    const bytes = whole ? file.length : bytesThere(info, file, isThere)
    if (!whole) isWhole = false
    if (bytes === 0) continue
    const { name, length: size } = file
    const wholeMtimeMs = whole?.mtimeMs
    const hasEnds = whole !== undefined || haveEnds(info, file, isVerified)
    files[index] = {
      name,
      path: join(directory, names[index] ?? ''),
      size,
      bytesThere: bytes,
      hasEnds,
      wholeMtimeMs,
    }
  }
  const { name, length } = info
  return { infoHash, directory, name, length, bytesOnDisk, mainFile: mainFileOf(info), files, isWhole }
}

/** What an earlier run left in a folder of ours; where that cannot be read, a torrent of which nothing is there. */
export async function readContents({
  infoHash,
  directory,
}: Pick<Contents, 'infoHash' | 'directory'>): Promise<Contents> {
  const found = await readFolder(directory, infoHash)
  if (!found)
    return { infoHash, directory, name: infoHash, length: 0, bytesOnDisk: 0, files: {}, isWhole: false }
  const { info, state, claimed } = found
  const taken = await bytesOnDisk(directory, info)
  const isThere = (piece: number) => hasPiece(claimed, piece)
  return contentsOf(infoHash, directory, info, state, isThere, () => false, taken)
}

/** Whether the pieces are there that hold what the hash of a video is made of. */
function haveEnds(info: TorrentInfo, file: TorrentFile, isVerified: (piece: number) => boolean): boolean {
  const { first, last } = piecesOf(info, file)
  const headEnd = piecesOf(info, { ...file, length: Math.min(file.length, HASHED_END) }).last
  const tail = Math.max(0, file.length - HASHED_END)
  const tailStart = piecesOf(info, { ...file, offset: file.offset + tail, length: file.length - tail }).first
  for (let piece = first; piece <= headEnd; piece++) if (!isVerified(piece)) return false
  for (let piece = tailStart; piece <= last; piece++) if (!isVerified(piece)) return false
  return true
}

/** How many bytes of a file are in pieces that are there. */
export function bytesThere(
  info: TorrentInfo,
  file: TorrentFile,
  isThere: (piece: number) => boolean,
): number {
  const { first, last } = piecesOf(info, file)
  let bytes = 0
  for (let piece = first; piece <= last; piece++) {
    if (!isThere(piece)) continue
    const start = piece * info.pieceLength
    const end = start + pieceLengthAt(info, piece)
    bytes += Math.min(end, file.offset + file.length) - Math.max(start, file.offset)
  }
  return bytes
}
