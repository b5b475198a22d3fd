import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { chooseFile } from '../domain/choice/choose-file.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'

/** The file that a choice means, if the metadata is on disk; `undefined` if it means none. */
export async function chooseOnDisk(
  choice: FileChoice,
  readInfo: () => Promise<TorrentInfo | undefined>,
): Promise<number | undefined> {
  if (choice.kind === 'file') return choice.fileIdx
  // The index notes which file that is.
  if (choice.kind === 'main') return undefined
  const info = await readInfo()
  const decision = info && chooseFile(info, choice)
  return decision?.kind === 'chosen' ? decision.index : undefined
}
