import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { statIfThere } from '../../files/if-there.ts'
import { type OpenFile, OpenFiles } from '../../files/open-files.ts'
import { isPieceRight } from '../../storage/check-piece.ts'
import { saveBits, saveState, syncFiles } from '../../storage/folder-state.ts'
import { bytesOnDisk } from '../../storage/torrent-folder.ts'

/** What the files of a torrent need of the disk; each rejects with the system's error. */
export interface ContentDisk {
  stat(path: string): Promise<Stats>
  /** @returns `undefined` if there is no file */
  statIfThere(path: string): Promise<Stats | undefined>
  /** Opens a file that is being fetched. */
  open(path: string): Promise<FileHandle>
  /** Opens a complete file for one more reader. @param seen - its stats just now */
  share(path: string, seen: Stats): Promise<OpenFile>
  readonly isPieceRight: typeof isPieceRight
  readonly bytesOnDisk: typeof bytesOnDisk
  readonly syncFiles: typeof syncFiles
  readonly saveBits: typeof saveBits
  readonly saveState: typeof saveState
}

/** The real disk, for one torrent. */
export function contentDisk(): ContentDisk {
  const shared = new OpenFiles()
  return {
    stat,
    statIfThere,
    open,
    share: (path, seen) => shared.open(path, seen),
    isPieceRight,
    bytesOnDisk,
    syncFiles,
    saveBits,
    saveState,
  }
}
