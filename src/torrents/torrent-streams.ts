import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import { chooseFile } from '../domain/choice/choose-file.ts'
import { type FileChoice, MAIN_FILE } from '../domain/choice/file-choice.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { isVideo } from '../domain/content-type.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { OpenFiles } from '../files/open-files.ts'
import { Leases } from '../lib/leases.ts'
import { chooseOnDisk } from './choose-on-disk.ts'
import { allowedPath } from './extra-paths.ts'
import type { HeldTorrents } from './held-torrents.ts'
import { partialStream } from './partial-stream.ts'
import type { TorrentIndexPort } from './torrent-index-port.ts'
import type { TorrentStream } from './torrent-stream.ts'
import { openIfWhole, wholeStream } from './whole-stream.ts'

/** Trackers that only the link of a viewer names. */
export interface NamedTrackers {
  readonly trackers: readonly string[]
  /** counted as one: an address or a network, as `clientKey` says */
  readonly client: string
}

export interface StreamRequest {
  /** default: the main file */
  readonly choice?: FileChoice
  /** folder for the torrent in place of the download folder; must be under an extra path */
  readonly customPath?: string
  readonly signal?: AbortSignal
  readonly named?: NamedTrackers
  /** who asks; without one, the request never has to give way to others */
  readonly viewer?: Viewer | undefined
}

/** Opens files of torrents: complete ones from disk, others while they are fetched. */
export class TorrentStreams {
  readonly #extraPaths: readonly string[]
  readonly #torrents: HeldTorrents
  readonly #index: TorrentIndexPort
  readonly #files = new OpenFiles()
  /** complete files that are being read; their torrents need not be loaded */
  readonly #readers = new Leases()

  constructor(extraPaths: readonly string[], torrents: HeldTorrents, index: TorrentIndexPort) {
    this.#extraPaths = extraPaths
    this.#torrents = torrents
    this.#index = index
  }

  /** Whether a complete file of the torrent is being read. */
  isReading(infoHash: InfoHash): boolean {
    return this.#readers.areTaken(infoHash)
  }

  /** As `TorrentService.getStream`. */
  async open(magnetUri: string, request: StreamRequest = {}): Promise<TorrentStream> {
    const magnet = parseMagnet(magnetUri)
    if (!magnet)
      throw new SelfStremeError(
        'media.not_found',
        `"${magnetUri.slice(0, 80)}" is neither magnet link nor info hash`,
      )
    const { infoHash, trackers } = magnet
    const { choice = MAIN_FILE, customPath, named, viewer } = request
    const { signal = new AbortController().signal } = request
    const base = customPath === undefined ? undefined : await allowedPath(customPath, this.#extraPaths)
    const { torrent, lease: taken } = await this.#torrents.acquire(infoHash, base, viewer)
    using lease = taken
    torrent.addTrackers(trackers)
    if (named) torrent.addTrackers(named.trackers, named.client)
    const { content, reading } = await torrent.metadata.whenKnown(signal)
    this.#torrents.noteKnown(infoHash)
    const decision = chooseFile(content.info, choice)
    if (decision.kind === 'refused')
      throw new SelfStremeError('media.not_found', `${infoHash}: ${decision.reason}`, {
        details: { reason: decision.reason },
      })
    const { index: fileIdx } = decision
    const { name, length: size } = content.file(fileIdx)
    const whole = await content.openComplete(fileIdx)
    if (!whole) await content.check(fileIdx)
    const parts = { infoHash, fileIdx, name, size, path: content.pathOf(fileIdx), lease: lease.move() }
    return whole ? wholeStream(parts, whole) : partialStream(parts, reading)
  }

  /** As `TorrentService.findWhole`. */
  async findWhole(infoHash: InfoHash, choice: FileChoice = MAIN_FILE): Promise<TorrentStream | undefined> {
    const known = await chooseOnDisk(choice, () => this.#infoOf(infoHash))
    await this.#torrents.registry.whenFree(infoHash)
    const contents = this.#index.find(infoHash)
    const fileIdx = choice.kind === 'main' ? contents?.mainFile : known
    const file = fileIdx === undefined ? undefined : contents?.files[fileIdx]
    if (fileIdx === undefined || file?.wholeMtimeMs === undefined || !isVideo(file.name)) return undefined
    using lease = new DisposableStack()
    lease.use(this.#readers.take(infoHash))
    const whole = await openIfWhole(file, this.#files)
    if (!whole) return undefined
    const { name, path, size } = file
    return wholeStream({ infoHash, fileIdx, name, size, path, lease: lease.move() }, whole)
  }

  async #infoOf(infoHash: InfoHash) {
    return this.#torrents.registry.find(infoHash)?.info ?? (await this.#index.readInfo(infoHash))
  }
}
