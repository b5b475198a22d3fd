import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentFile } from '../domain/bittorrent/metainfo.ts'
import { chooseFile, type Decision } from '../domain/choice/choose-file.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { type Pack, readPackInTurns } from '../domain/choice/pack.ts'
import { type Candidate, type Found, mergeCandidates } from '../domain/list/candidate.ts'

/** How the file of a torrent was chosen, where no source names it. */
export interface ChosenFile {
  /** whose list of files it was chosen from: a torrent file that a source knows, or metadata on our disk */
  readonly from: 'source' | 'disk'
  readonly decision: Decision
}

export interface ChosenFiles {
  /** each file of each torrent once; those of which nobody knows the files yet as they were */
  readonly found: readonly Found[]
  /** torrents in which nothing is what the viewer wants */
  readonly refused: readonly { readonly found: Candidate; readonly why: string }[]
  readonly choices: ReadonlyMap<InfoHash, ChosenFile>
}

/** @returns what a torrent consists of, if its metadata is on our disk */
export type PackOnDisk = (infoHash: InfoHash) => Promise<Pack | undefined>

/** Names of a pack are read once for as long as its list of files is the same. */
const packs = new WeakMap<readonly TorrentFile[], Pack>()

/**
 * Finds out which file of each torrent is meant, where no source says it. A torrent of which another source names the
 * file is that file as well.
 */
export async function chooseFiles(
  all: readonly Found[],
  wanted: FileChoice,
  packOnDisk: PackOnDisk,
): Promise<ChosenFiles> {
  const choices = new Map<InfoHash, ChosenFile>()
  const refused: { found: Candidate; why: string }[] = []
  const named = namedFiles(all)

  const found = await Promise.all(
    all.map(async (each): Promise<Found[]> => {
      if (each.kind !== 'torrent') return [each]
      const onDisk = await packOnDisk(each.infoHash)
      const pack = onDisk ?? packOf(each)
      const fileIdx = each.file.kind === 'file' ? each.file.fileIdx : named.get(each.infoHash)
      if (fileIdx !== undefined) return [withFile(each, fileIdx, pack)]
      if (!pack) return [each]
      await readPackInTurns(pack)
      const decision = chooseFile(pack, wanted)
      choices.set(each.infoHash, { from: onDisk ? 'disk' : 'source', decision })
      if (decision.kind === 'chosen') return [withFile(each, decision.index, pack)]
      refused.push({ found: each, why: decision.reason })
      return []
    }),
  )
  return { found: mergeCandidates(found.flat()), refused, choices }
}

/** The files that sources name, of torrents of which they name only one. */
function namedFiles(all: readonly Found[]): Map<InfoHash, number> {
  const files = new Map<InfoHash, Set<number>>()
  for (const each of all) {
    if (each.kind !== 'torrent' || each.file.kind !== 'file') continue
    files.set(each.infoHash, (files.get(each.infoHash) ?? new Set()).add(each.file.fileIdx))
  }
  return new Map(
    [...files].flatMap(([infoHash, [first, ...others]]) =>
      first === undefined || others.length > 0 ? [] : [[infoHash, first] as const],
    ),
  )
}

/** What the torrent itself says of a file counts more than what a source says. */
function withFile(found: Candidate, fileIdx: number, pack: Pack | undefined): Candidate {
  const known = pack?.files[fileIdx]
  const file = { kind: 'file', fileIdx } as const
  if (!known) return { ...found, file }
  return { ...found, file, fileName: known.name, size: { bytes: known.length, of: 'file', exact: true } }
}

function packOf({ releaseName, title, files }: Candidate): Pack | undefined {
  if (!files) return undefined
  const pack = packs.get(files) ?? { name: releaseName ?? title, files }
  packs.set(files, pack)
  return pack
}
