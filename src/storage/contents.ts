import { join } from 'node:path'
import { hasPiece } from '../domain/bittorrent/bitfield.ts'
import { safeFileNames } from '../domain/bittorrent/file-names.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { pieceLengthAt, piecesOf, type TorrentFile, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { mainFileOf } from '../domain/choice/choose-file.ts'
import type { FolderState } from './folder-state.ts'
import { readFolder } from './read-folder.ts'
import { bytesOnDisk } from './torrent-folder.ts'
import { HASHED_END } from './video-hash.ts'

/** What is on disk of a torrent, known without opening it. Sizes are bytes. */
export interface Contents {
  readonly infoHash: InfoHash
  readonly directory: string
  readonly name: string
  /** all files together */
  readonly length: number
  /** disk space used; less than the sum of file lengths for sparse files */
  readonly bytesOnDisk: number
  /** the file that is played when none is named */
  readonly mainFile?: number | undefined
  /** files with at least one piece on disk, by index */
  readonly files: Readonly<Record<string, FileContents>>
}

export interface FileContents {
  /** as the torrent calls it */
  readonly name: string
  readonly path: string
  readonly size: number
  readonly bytesThere: number
  /** whether head and tail are present and verified: the OpenSubtitles hash needs nothing else */
  readonly hasEnds?: boolean
  /** mtime of a complete file, epoch ms; a file with another mtime is checked again */
  readonly wholeMtimeMs?: number | undefined
}

/** What {@link Contents} are made of. */
export interface OnDisk extends Pick<Contents, 'infoHash' | 'directory' | 'bytesOnDisk'> {
  readonly info: TorrentInfo
  readonly state: FolderState
  /** whether a piece is on disk, verified or claimed */
  isThere(piece: number): boolean
  /** whether a piece is on disk and verified */
  isVerified(piece: number): boolean
}

export function contentsOf(onDisk: OnDisk): Contents {
  const { infoHash, directory, bytesOnDisk, info, state, isThere, isVerified } = onDisk
  const names = safeFileNames(info.files)
  const files: Record<string, FileContents> = {}
  for (const [index, file] of info.files.entries()) {
    if (file.isPadding || file.length === 0) continue
    const whole = state.whole[index]
    const bytes = whole ? file.length : bytesThere(info, file, isThere)
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
  return { infoHash, directory, name, length, bytesOnDisk, mainFile: mainFileOf(info), files }
}

/** What an earlier run left in a folder of ours. An unreadable folder counts as a torrent with nothing on disk. */
export async function readContents({
  infoHash,
  directory,
}: Pick<Contents, 'infoHash' | 'directory'>): Promise<Contents> {
  const found = await readFolder(directory, infoHash)
  if (!found) return { infoHash, directory, name: infoHash, length: 0, bytesOnDisk: 0, files: {} }
  const { info, state, claimed } = found
  const taken = await bytesOnDisk(directory, info)
  const isThere = (piece: number) => hasPiece(claimed, piece)
  return contentsOf({
    infoHash,
    directory,
    bytesOnDisk: taken,
    info,
    state,
    isThere,
    isVerified: () => false,
  })
}

/** Whether the pieces that the video hash is made of are on disk. */
function haveEnds(info: TorrentInfo, file: TorrentFile, isVerified: (piece: number) => boolean): boolean {
  const { first, last } = piecesOf(info, file)
  const headEnd = piecesOf(info, { ...file, length: Math.min(file.length, HASHED_END) }).last
  const tail = Math.max(0, file.length - HASHED_END)
  const tailStart = piecesOf(info, { ...file, offset: file.offset + tail, length: file.length - tail }).first
  for (let piece = first; piece <= headEnd; piece++) if (!isVerified(piece)) return false
  for (let piece = tailStart; piece <= last; piece++) if (!isVerified(piece)) return false
  return true
}

/** How many bytes of a file lie in pieces that are on disk. */
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
