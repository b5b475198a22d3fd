import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentFile } from '../domain/bittorrent/metainfo.ts'
import { chooseFile, type Decision } from '../domain/choice/choose-file.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import { type Pack, readPackInTurns } from '../domain/choice/pack.ts'
import { type Candidate, type Found, mergeCandidates } from '../domain/list/candidate.ts'

/** How the file of a torrent was chosen, if no source names it. */
export interface ChosenFile {
  /** origin of the list of files: a torrent file from a source, or metadata on our disk */
  readonly from: 'source' | 'disk'
  readonly decision: Decision
}

export interface ChosenFiles {
  /** each file of each torrent once; torrents with unknown files unchanged */
  readonly found: readonly Found[]
  /** torrents that do not contain the requested video */
  readonly refused: readonly { readonly found: Candidate; readonly why: string }[]
  readonly choices: ReadonlyMap<InfoHash, ChosenFile>
}

/** @returns the files of a torrent, if its metadata is on our disk */
export type PackOnDisk = (infoHash: InfoHash) => Promise<Pack | undefined>

/** The names of a pack are parsed once per list of files. */
const packs = new WeakMap<readonly TorrentFile[], Pack>()

/**
 * Chooses the file of each torrent if no source names it. If one source names the file, that also counts for entries of
 * other sources.
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

/** Files that sources name, for torrents with exactly one such file. */
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

/** The torrent's own metadata takes precedence over a source's. */
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
