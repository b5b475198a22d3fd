import type { Log } from '../observe/log.ts'
import type { TorrentContent } from './content/torrent-content.ts'
import type { FetchPlan } from './fetching/fetch-plan.ts'
import type { PeerWait } from './fetching/peer-wait.ts'
import type { SwarmSession } from './fetching/swarm-session.ts'
import type { TorrentRoom } from './fetching/torrent-room.ts'
import type { SlotHolder } from './swarm-slots.ts'
import type { TorrentOptions } from './torrent-parts.ts'
import type { Purpose, TorrentUsers } from './torrent-users.ts'

/** A torrent as its metadata and its files use it. */
export interface TorrentHost extends SlotHolder {
  readonly options: TorrentOptions
  readonly users: TorrentUsers
  readonly room: TorrentRoom
  readonly swarm: SwarmSession
  readonly peerWait: PeerWait
  readonly log: Log
  /** resolves when the metadata is saved */
  readonly whenSaved: Promise<void>
  /**
   * Joins the swarm, unless it is there; ends a pause between two attempts.
   *
   * @throws SelfStremeError `torrent.busy`, `disk.full`, `disk.failed`
   */
  join(purpose?: Purpose): Promise<void>
  /** Has the engine close its files, which may no longer be those in the folder, and open them again. */
  rejoin(): Promise<void>
  /** Leaves the swarm; when this resolves, the engine has closed the files. */
  stopSwarm(): Promise<void>
  /** Whether these are still its files: their metadata could be saved. */
  isCurrent(files: HostedFiles): boolean
}

/** The files of a torrent, as those who read or fetch them use them. */
export interface HostedFiles {
  readonly content: TorrentContent
  readonly plan: FetchPlan
  /** Fetches what the plan says, once in a turn of the event loop however much changes in it. */
  schedule(): void
}
