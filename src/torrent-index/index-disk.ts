import { readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import type { Usage } from '../domain/usage.ts'
import { statIfThere } from '../files/if-there.ts'
import { isUnchanged } from '../files/same-file.ts'
import { type Contents, readContents } from '../storage/contents.ts'
import { findUsage, readUsage, saveUsage } from '../storage/folder-state.ts'
import { hasRecord } from '../storage/made-files.ts'
import { adoptFiles } from '../storage/own-files.ts'
import { readTorrent } from '../storage/read-folder.ts'
import {
  type Grounds,
  type ListedFolder,
  lastNotedAt,
  listFolders,
  lookAtFolder,
  readLocation,
} from '../storage/torrent-folder.ts'

/** The folder of a torrent. */
type Folder = Pick<ListedFolder, 'infoHash' | 'directory'>

/** The download folder, as the index sees it. Each method rejects with the system's error. */
export interface IndexDisk {
  /** The folders of torrents. @param onRefused - called with what is wrong with a folder that is ignored */
  list(onRefused: (why: string) => void): Promise<ListedFolder[]>
  /** Names of all folders in the download folder. */
  names(): Promise<string[]>
  /** One folder by its name; `undefined` if it is not a torrent's. @param onRefused - as for {@link list} */
  look(name: string, onRefused: (why: string) => void): Promise<ListedFolder | undefined>
  /** Whether a torrent still has its folder. */
  isThere(folder: Folder): Promise<boolean>
  /** When we last wrote a note in a folder, epoch ms; `undefined` if it is missing or not ours. */
  lastNotedAt(directory: string): Promise<number | undefined>
  read(folder: Folder): Promise<Contents>
  readInfo(folder: Folder): Promise<TorrentInfo | undefined>
  /** Indexes of files that are gone, or not as they were when they became complete. */
  changedIn(contents: Contents): Promise<string[]>
  /** How a torrent is used; `undefined` if its folder does not say. */
  findUsage(directory: string): Promise<Usage | undefined>
  /** The same; if its folder does not say, what the folder itself shows. */
  readUsage(directory: string): Promise<Usage>
  saveUsage(directory: string, usage: Usage): Promise<void>
  /** Whether it is recorded which files of a folder are ours. */
  hasRecord(directory: string): Promise<boolean>
  /** Records which files are ours: files that the user puts there later are not. */
  adopt(folder: Folder): Promise<void>
}

/** @param grounds - the download folder, and the extra paths that its torrents may be in */
export function indexDisk(grounds: Grounds): IndexDisk {
  const { root } = grounds
  return {
    list: (onRefused) => listFolders(grounds, onRefused),
    async names() {
      const entries = await readdir(root, { withFileTypes: true })
      return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    },
    look: (name, onRefused) => lookAtFolder(grounds, name, onRefused),
    async isThere({ infoHash, directory }) {
      if (dirname(directory) === root) return (await lastNotedAt(directory)) !== undefined
      return (await readLocation(grounds, infoHash)) !== undefined
    },
    lastNotedAt,
    read: readContents,
    async readInfo({ infoHash, directory }) {
      return (await readTorrent(directory, infoHash))?.info
    },
    changedIn,
    findUsage,
    readUsage,
    saveUsage,
    hasRecord,
    async adopt({ infoHash, directory }) {
      const torrent = await readTorrent(directory, infoHash)
      if (torrent) await adoptFiles(directory, torrent.info)
    },
  }
}

async function changedIn({ files }: Contents): Promise<string[]> {
  const changed: string[] = []
  for (const [index, { path, size, wholeMtimeMs }] of Object.entries(files)) {
    const found = await statIfThere(path)
    const isSame = wholeMtimeMs === undefined || isUnchanged(found, { size, mtimeMs: wholeMtimeMs })
    if (!found || !isSame) changed.push(index)
  }
  return changed
}
