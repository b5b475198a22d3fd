import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import type { Candidate, Found } from '../domain/list/candidate.ts'
import type { Delivery } from '../domain/list/device.ts'
import type { ListOptions } from '../domain/list/list-options.ts'
import { arrange, describe, type Listing, type OnDisk } from '../domain/list/listing.ts'
import { type VideoId, writeVideoId } from '../domain/video-id.ts'
import { type ChosenFile, chooseFiles, type PackOnDisk } from './choose-files.ts'
import { TitleBudget } from './title-budget.ts'
import { type KnownTitle, videoChoice } from './video-choice.ts'

/** What became of asking one source; times are epoch ms. */
export interface AskedSource {
  readonly source: string
  readonly outcome: string
  readonly found: number
  readonly askedAt?: number
  readonly answeredAt?: number
  readonly why?: string
}

export interface Search {
  find(
    video: VideoId,
    signal: AbortSignal,
    asker: { readonly isRelayed: boolean; readonly client: string; readonly onlyKnown: boolean },
  ): Promise<{ readonly candidates: readonly Found[]; readonly report: readonly AskedSource[] }>
}

/** What was asked of swarms lately. */
export interface Swarms {
  /** how long ago a torrent was last waited for in vain, in ms; absent if that is long ago, or a peer came since */
  sinceMs(infoHash: InfoHash): number | undefined
}

/** What is on our disk. */
export interface Disk {
  readonly pack: PackOnDisk
  /** whether it is known that a torrent is private */
  isPrivate(infoHash: InfoHash): Promise<boolean>
  /** what there is of the video that the proxy would send; `undefined` if nothing */
  video(candidate: Candidate): Promise<OnDisk | undefined>
}

export interface Titles {
  find(
    video: VideoId,
    signal: AbortSignal,
    options: { readonly onlyKnown: boolean },
  ): Promise<KnownTitle | undefined>
}

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
  readonly sources: readonly AskedSource[]
  /** which file was looked for in each torrent */
  readonly choice: FileChoice
  /** which file was chosen of torrents of which no source said it */
  readonly choices: ReadonlyMap<InfoHash, ChosenFile>
}

/** @throws the signal's reason when it aborts */
export type MakeList = (request: ListRequest, signal: AbortSignal) => Promise<MadeList>

/** Who has no client's limits. */
const OWNER = 'owner'

/**
 * Finds, chooses, leaves out and puts in order: all that a list is but for the words.
 *
 * @param titles - absent = nobody knows what anything is called
 * @param swarms - torrents without peers
 * @param now - ms
 */
export function createLister(
  search: Search,
  disk: Disk,
  titles: Titles | undefined,
  swarms: Swarms,
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
