import type { PlacedFiles } from '../placed/placed-files.ts'
import type { MediaFolders } from './media-folders.ts'
import { placedId } from './torrent-files.ts'

/** Files that are in no torrent, by their made-up ids. */
export type LocalFiles = Pick<MediaFolders, 'open'>

/**
 * Files that no swarm has, by their made-up ids: those of media folders, and placed files that are listed by
 * themselves.
 */
export function createLocalFiles(
  root: string,
  media: Pick<MediaFolders, 'open'>,
  placed: Pick<PlacedFiles, 'videos' | 'openAt'>,
): LocalFiles {
  return {
    async open(id, signal) {
      const file = await media.open(id, signal)
      if (file) return file
      const video = placed.videos().find(({ path }) => placedId(root, path) === id)
      return video && placed.openAt(video.path, signal)
    },
  }
}
