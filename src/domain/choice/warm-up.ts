import type { TorrentFile } from '../bittorrent/metainfo.ts'
import { chooseFile } from './choose-file.ts'
import type { FileChoice } from './file-choice.ts'
import type { Pack } from './pack.ts'

/** Names that no rule matches, so that all rules are tried. */
const PACK: Pack = { name: 'A Pack', files: [file('A Pack/A Folder/A Name.mkv'), file('A Pack/A Name.mkv')] }
const CHOICES: readonly FileChoice[] = [
  { kind: 'episode', season: 1, episode: 2 },
  { kind: 'movie', title: 'A Film', year: 2000 },
]

/**
 * Reads names once, so that the rules for names are compiled. V8 compiles a regular expression when it is first used;
 * for all of them that takes 60 ms, on a busy machine 300, and the first viewer would wait for it.
 */
export function warmUpRules(): void {
  for (const choice of CHOICES) chooseFile({ ...PACK }, choice)
}

function file(path: string): TorrentFile {
  return { name: path.slice(path.lastIndexOf('/') + 1), path, length: 1, offset: 0, isPadding: false }
}
