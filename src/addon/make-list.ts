import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import type { Candidate } from '../domain/list/candidate.ts'
import type { Delivery } from '../domain/list/device.ts'
import type { ListOptions } from '../domain/list/list-options.ts'
import { arrange, describe, type Listing } from '../domain/list/listing.ts'
import { type VideoId, writeVideoId } from '../domain/video-id.ts'
import type { Metadata } from '../sources/metadata.ts'
import type { Search } from '../sources/search.ts'
import type { SourceReport } from '../sources/source-report.ts'
import type { WithoutPeers } from '../torrents/without-peers.ts'
import { type ChosenFile, chooseFiles } from './choose-files.ts'
import { TitleBudget } from './title-budget.ts'
import { type KnownTitle, videoChoice } from './video-choice.ts'
import type { VideosOnDisk } from './videos-on-disk.ts'

export interface ListRequest {
  readonly video: VideoId
  readonly options: ListOptions
  readonly delivery: Delivery
  /** another self-streme asks, for one of its viewers */
  readonly isRelayed: boolean
  /** who asks; absent = the owner */
  readonly client?: string
}

/** A list, and how it came about. */
export interface MadeList extends Listing {
  readonly sources: readonly SourceReport[]
  /** which file was looked for in each torrent */
  readonly choice: FileChoice
  /** which file was chosen of torrents of which no source said it */
  readonly choices: ReadonlyMap<InfoHash, ChosenFile>
}

/** @throws the signal's reason when it aborts */
export type MakeList = (request: ListRequest, signal: AbortSignal) => Promise<MadeList>

/** Who has no client's limits. */
const OWNER = 'owner'

/** Where a list gets its entries and the name of the video from. */
export interface ListSources {
  readonly search: Pick<Search, 'find'>
  /** absent = no title is ever known */
  readonly titles?: Metadata | undefined
}

/**
 * Finds, chooses, leaves out and puts in order: all that a list is but for the words.
 *
 * @param swarms - torrents without peers
 * @param now - ms
 */
export function createLister(
  { search, titles }: ListSources,
  disk: VideosOnDisk,
  swarms: Pick<WithoutPeers, 'sinceMs'>,
  now: () => number = Date.now,
): MakeList {
  const budget = new TitleBudget()
  return async ({ video, options, delivery, isRelayed, client = OWNER }, signal) => {
    const onlyKnown = client !== OWNER && !budget.admits(client, writeVideoId(video), now())
    let title: KnownTitle | undefined
    const naming = titles?.find(video, signal, { onlyKnown }).then(
      (known) => (title = known),
      // Names make the choice surer; without them there is one as well.
      () => undefined,
    )
    const { candidates, report } = await search.find(video, signal, { isRelayed, client, onlyKnown })
    // A title that is known is there within a turn; the list does not wait for any other.
    await Promise.race([naming, nextTurn()])
    const choice = videoChoice(video, title)
    const { found, refused, choices } = await chooseFiles(candidates, choice, disk.pack)

    // A device that fetches torrents by itself gains nothing from our disk, but for what it gets from us all the same.
    const isDiskOfUse = (each: Candidate) => delivery !== 'magnet' || each.isLocal || each.isPrivate
    const all = await Promise.all(
      found.map(async (one) => {
        if (one.kind !== 'torrent') return describe(one)
        const each = (await disk.isPrivate(one.infoHash)) ? { ...one, isPrivate: true } : one
        const there = isDiskOfUse(each) ? await disk.video(each) : undefined
        return describe(each, there, each.isLocal ? undefined : swarms.sinceMs(each.infoHash))
      }),
    )
    const { kept, dropped } = arrange(all, options)
    const none = refused.map((each) => ({ listed: describe(each.found), why: each.why }))
    return { kept, dropped: [...none, ...dropped], sources: report, choice, choices }
  }
}
