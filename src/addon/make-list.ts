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
import type { SourceReport } from '../sources/source.ts'
import type { WithoutPeers } from '../torrents/without-peers.ts'
import { type ChosenFile, chooseFiles } from './choose-files.ts'
import { TitleBudget } from './title-budget.ts'
import { type KnownTitle, videoChoice } from './video-choice.ts'
import type { VideosOnDisk } from './videos-on-disk.ts'

export interface ListRequest {
  readonly video: VideoId
  readonly options: ListOptions
  readonly delivery: Delivery
  /** the request comes from another self-streme, for one of its viewers */
  readonly isRelayed: boolean
  /** the client; absent = the owner */
  readonly client?: string
}

/** A list, and how it was made. */
export interface MadeList extends Listing {
  readonly sources: readonly SourceReport[]
  /** the choice made in each torrent */
  readonly choice: FileChoice
  /** files that were chosen where no source names one */
  readonly choices: ReadonlyMap<InfoHash, ChosenFile>
}

/** @throws the signal's reason when it aborts */
export type MakeList = (request: ListRequest, signal: AbortSignal) => Promise<MadeList>

/** Client key of the owner, who has no limits. */
const OWNER = 'owner'

/** Where a list gets its entries and the name of the video from. */
export interface ListSources {
  readonly search: Pick<Search, 'find'>
  /** absent = no titles */
  readonly titles?: Metadata | undefined
}

/**
 * Finds candidates, chooses files, filters and sorts: everything about a list except its wording.
 *
 * @param swarms - knows torrents without peers
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
      // Titles make the choice more certain, but it works without them.
      () => undefined,
    )
    const { candidates, report } = await search.find(video, signal, { isRelayed, client, onlyKnown })
    // A cached title is there within a turn; the list does not wait for others.
    await Promise.race([naming, nextTurn()])
    const choice = videoChoice(video, title)
    const { found, refused, choices } = await chooseFiles(candidates, choice, disk.pack)

    // A device that fetches torrents itself does not benefit from our disk, except for what it gets from us anyway.
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
