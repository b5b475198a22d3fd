import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { MediaFile } from './media-folders.ts'
import { type PlacedVideo, placedId } from './torrent-files.ts'

interface Media {
  open(id: InfoHash, signal: AbortSignal): Promise<MediaFile | undefined>
}

interface Placed {
  videos(): readonly PlacedVideo[]
  openAt(path: string, signal: AbortSignal): Promise<MediaFile | undefined>
}

/**
 * Files that no swarm has, by their made-up ids: those of media folders, and placed files that are listed by
 * themselves.
 */
export function createLocalFiles(root: string, media: Media, placed: Placed): Media {
  return {
    async open(id, signal) {
      const file = await media.open(id, signal)
      if (file) return file
      const video = placed.videos().find(({ path }) => placedId(root, path) === id)
      return video && placed.openAt(video.path, signal)
    },
  }
}
