import { once } from 'node:events'
import WebTorrent from 'webtorrent'
import { ALONE } from './alone.ts'
import { startTracker } from './swarm.ts'

/** A swarm on this machine whose seeder is webtorrent: it needs nothing but npm. */
export interface WebtorrentSwarm extends AsyncDisposable {
  readonly infoHash: string
  /** Settings that make the server join this swarm only. */
  readonly settings: Readonly<Record<string, string>>
  /** Bytes that the seeder has sent so far. */
  uploadedBytes(): number
  /** Removes the upload limit. */
  hurry(): void
}

/**
 * @param path - file to seed
 * @param uploadLimit - bytes per second, until `hurry` is called
 */
export async function seedWithWebtorrent(path: string, uploadLimit: number): Promise<WebtorrentSwarm> {
  await using starting = new AsyncDisposableStack()
  const tracker = starting.use(await startTracker())
  const client = new WebTorrent({ ...ALONE, tracker: { wrtc: false }, uploadLimit })
  starting.defer(() => new Promise<void>((done) => client.destroy(() => done())))
  // From then on the tracker names the seeder.
  const announced = once(tracker.server, 'start')
  const torrent = client.seed(path, { announce: [tracker.url], pieceLength: 64 * 1024 })
  await announced
  const parts = starting.move()
  return {
    infoHash: torrent.infoHash,
    settings: { TORRENT_TRACKERS: tracker.url },
    uploadedBytes: () => torrent.uploaded,
    hurry: () => client.throttleUpload(-1),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
