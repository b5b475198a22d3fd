import { hasPiece, writeBitfield } from '../domain/bittorrent/bitfield.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { piecesOf, splitting, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { inTurns } from '../lib/in-turns.ts'
import {
  type FolderState,
  type KeptPeers,
  type KeptTrackers,
  readBits,
  readGoodPeers,
  readKeptTrackers,
  readState,
} from './folder-state.ts'
import { sha1 } from './torrent-file.ts'
import { filesThere, readMetainfo, tryParse } from './torrent-folder.ts'

/** A torrent's folder as an earlier run left it. */
export interface FoundFolder {
  readonly directory: string
  readonly metainfo: Uint8Array
  readonly info: TorrentInfo
  readonly state: FolderState
  /** trackers of a private torrent */
  readonly trackers?: KeptTrackers | undefined
  readonly goodPeers?: KeptPeers | undefined
  /** pieces that were on disk when the folder was last saved, minus those that the files are too short for */
  readonly claimed: Uint8Array
}

/** The metadata in a folder; `undefined` if it is missing, damaged, or another torrent's. */
export async function readTorrent(
  directory: string,
  infoHash: InfoHash,
): Promise<{ readonly metainfo: Uint8Array; readonly info: TorrentInfo } | undefined> {
  const metainfo = await readMetainfo(directory)
  const info = metainfo && (await tryParse(metainfo))
  if (!info) return undefined
  const { info: hashed } = await inTurns(splitting(metainfo))
  return (await sha1(hashed)) === infoHash ? { metainfo, info } : undefined
}

/** @returns `undefined` if there is no folder, or it is unfinished, damaged, or another torrent's */
export async function readFolder(directory: string, infoHash: InfoHash): Promise<FoundFolder | undefined> {
  const torrent = await readTorrent(directory, infoHash)
  if (!torrent) return undefined
  const { metainfo, info } = torrent
  const state = await readState(directory)
  const saved = await readBits(directory)
  const claimed = await possiblePieces(directory, info, state, saved)
  const trackers = info.isPrivate ? await readKeptTrackers(directory) : undefined
  const goodPeers = await readGoodPeers(directory)
  return { directory, metainfo, info, state, trackers, goodPeers, claimed }
}

/** A bit for each claimed piece, except those that lie in a missing or shortened file. */
async function possiblePieces(
  directory: string,
  info: TorrentInfo,
  state: FolderState,
  saved: Uint8Array,
): Promise<Uint8Array> {
  const claims = new Uint8Array(info.pieceCount)
  for (let piece = 0; piece < claims.length; piece++) if (hasPiece(saved, piece)) claims[piece] = 1
  const mark = (from: number, to: number, isClaimed: 0 | 1) => claims.fill(isClaimed, from, to + 1)
  for (const index of Object.keys(state.whole)) {
    const file = info.files[Number(index)]
    if (!file) continue
    const { first, last } = piecesOf(info, file)
    mark(first, last, 1)
  }
  const there = await filesThere(directory, info)
  for (const [index, file] of info.files.entries()) {
    if (file.isPadding || file.length === 0) continue
    const size = there.get(index)?.size ?? 0
    if (size >= file.length) continue
    mark(Math.floor((file.offset + size) / info.pieceLength), piecesOf(info, file).last, 0)
  }
  return writeBitfield(info.pieceCount, (piece) => claims[piece] === 1)
}
