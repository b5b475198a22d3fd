import type { Considered } from '../domain/choice/choose-file.ts'
import { chooseDelivery, detectDevice } from '../domain/list/device.ts'
import { type ListOptions, writeListOptions } from '../domain/list/list-options.ts'
import { diskState, type Listed } from '../domain/list/listing.ts'
import { parseVideoId } from '../domain/video-id.ts'
import type { ChosenFile } from './choose-files.ts'
import type { MadeList, MakeList } from './make-list.ts'

const MAX_CONSIDERED = 20

export interface ExplainRequest {
  readonly type: string
  /** with season and episode, as in the address of a list */
  readonly id: string
  readonly options: ListOptions
  /** of the device in question; absent = a device that gets both ways */
  readonly userAgent?: string | undefined
}

/** Explains a list to the owner. @returns `undefined` if the id is not a video's */
export type ExplainStreams = (request: ExplainRequest, signal: AbortSignal) => Promise<object | undefined>

/** Makes the list as for a viewer, and describes each step. */
export function createExplainStreams(makeList: MakeList): ExplainStreams {
  return async ({ type, id, options, userAgent }, signal) => {
    const video = parseVideoId(type, id)
    if (!video) return undefined
    const device = userAgent === undefined ? undefined : detectDevice({ userAgent })
    const delivery = chooseDelivery(options.mode, device ?? { rule: 'none', delivery: 'both' })
    const list = await makeList({ video, options, delivery, isRelayed: false }, signal)
    return {
      video,
      device: device?.rule,
      delivery,
      config: writeListOptions(options) ?? 'auto',
      wish: list.choice,
      sources: list.sources,
      listed: list.kept.map((listed, place) => ({ place: place + 1, ...describeListed(listed, list) })),
      dropped: list.dropped.map(({ listed, why }) => ({ why, ...describeListed(listed, list) })),
    }
  }
}

function describeListed(
  { found, release, disk, withoutPeersMs, ...facts }: Listed,
  { choices }: MadeList,
): object {
  const { resolution, quality, bytes, isPack } = facts
  const shared = {
    title: found.title,
    releaseName: found.releaseName,
    foundBy: found.foundBy,
    rank: { disk: diskState(disk), resolution, seeders: undefined as number | undefined, bytes },
    quality,
    languages: release.languages,
    isPack,
  }
  if (found.kind === 'pass-through') return { kind: found.kind, ...shared }
  const { infoHash, fileName, seeders, trackers } = found
  const fileIdx = found.file.kind === 'file' ? found.file.fileIdx : undefined
  const choice = choices.get(infoHash)
  return {
    kind: found.kind,
    infoHash,
    fileIdx,
    fileName,
    ...shared,
    rank: { ...shared.rank, seeders, withoutPeersMs: withoutPeersMs && Math.round(withoutPeersMs) },
    trackers: trackers.length,
    onDisk: disk && { share: disk.share, bytes: disk.size, videoHash: disk.videoHash },
    file: choice ? describeChoice(choice) : describeUnchosen(fileIdx),
  }
}

function describeUnchosen(fileIdx: number | undefined): object {
  return fileIdx === undefined
    ? { chosenBy: 'the proxy, when the metadata comes' }
    : { chosenBy: 'the source, which names it' }
}

function describeChoice({ from, decision }: ChosenFile): object {
  const others = decision.considered.filter(
    (each) => decision.kind === 'refused' || each.index !== decision.index,
  )
  const chosen = decision.kind === 'chosen' ? describeFile(decision) : { refused: decision.reason }
  return {
    chosenBy: from === 'disk' ? 'its name, in the metadata on disk' : 'its name, in the torrent file',
    ...chosen,
    considered: others.slice(0, MAX_CONSIDERED).map(describeFile),
    notShown: Math.max(0, others.length - MAX_CONSIDERED),
  }
}

function describeFile({ index, path, score, reasons }: Considered): object {
  return { index, path, score, reasons }
}
