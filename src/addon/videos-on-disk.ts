import { stat } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { type Candidate, exactFileSize } from '../domain/list/candidate.ts'
import type { OnDisk } from '../domain/list/listing.ts'
import { fileNameOf, nameOf } from '../domain/list/release-of.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { FileContents } from '../storage/contents.ts'
import { videoHash } from '../storage/video-hash.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { BroughtFiles } from '../torrents/brought-files.ts'
import type { PackOnDisk } from './choose-files.ts'

const MAX_HASHES = 1_000

/** What lists show of the disk. */
export interface VideosOnDisk {
  readonly pack: PackOnDisk
  /** whether a torrent is known to be private, from the disk or from a source's torrent file */
  isPrivate(infoHash: InfoHash): Promise<boolean>
  /** what is on disk of the video that the proxy would send for a candidate; `undefined` if nothing is */
  video(candidate: Candidate): Promise<OnDisk | undefined>
}

/**
 * Looks in the same order as the proxy: complete files, the user's files, torrents that are downloading.
 *
 * @param brought - torrent files of private torrents that are not on disk
 */
export function videosOnDisk(
  index: Pick<CacheIndex, 'find' | 'readInfo'>,
  placed: Pick<PlacedFiles, 'peek'>,
  brought: Pick<BroughtFiles, 'has'>,
): VideosOnDisk {
  const hashes = new LRUCache<string, string>({ max: MAX_HASHES })

  async function ofTorrent(file: FileContents): Promise<OnDisk> {
    const { name, path, size, bytesThere, wholeMtimeMs } = file
    const isWhole = wholeMtimeMs !== undefined
    const hash = file.hasEnds === true ? await hashOf(path, size, wholeMtimeMs) : undefined
    return { share: isWhole ? 1 : Math.min(bytesThere / size, 0.99), size, name, videoHash: hash }
  }

  /** @param mtimeMs - expected mtime, if known; a file that was changed since has no hash */
  async function hashOf(path: string, size: number, mtimeMs?: number): Promise<string | undefined> {
    const found = await stat(path).catch(() => undefined)
    if (found?.size !== size || (mtimeMs !== undefined && found.mtimeMs !== mtimeMs)) return undefined
    const key = `${path}\n${found.mtimeMs}`
    // Optional: subtitles are also found without it.
    const hash = hashes.get(key) ?? (await videoHash(path, size).catch(() => undefined))
    if (hash !== undefined) hashes.set(key, hash)
    return hash
  }

  return {
    pack: (infoHash) => index.readInfo(infoHash),
    isPrivate: async (infoHash) =>
      brought.has(infoHash) || (await index.readInfo(infoHash))?.isPrivate === true,
    async video(candidate) {
      const { infoHash, file: choice, fileName, isLocal } = candidate
      if (isLocal) return { share: 1, size: exactFileSize(candidate) ?? 0, name: fileName ?? '' }
      const contents = index.find(infoHash)
      const chosen =
        choice.kind === 'file' ? choice.fileIdx : choice.kind === 'main' ? contents?.mainFile : undefined
      const file = chosen === undefined ? undefined : contents?.files[chosen]
      if (file?.wholeMtimeMs !== undefined) return ofTorrent(file)
      // As in the link.
      const name = fileNameOf(candidate) ?? nameOf(candidate)
      const own = placed.peek({ infoHash, choice, name })
      if (!own) return file && ofTorrent(file)
      const { path, size, verdict } = own
      const hash = verdict === 'verified' ? await hashOf(path, size) : undefined
      return { share: 1, size, name: own.name, videoHash: hash }
    },
  }
}
