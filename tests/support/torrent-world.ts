import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskRoom } from '../../src/disk/disk-room.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../../src/domain/errors.ts'
import type { Origin } from '../../src/domain/usage.ts'
import type { Engine, OpenTorrent, PieceWindow, SwarmStats } from '../../src/engine/engine.ts'
import { fileIdOf } from '../../src/files/file-id.ts'
import type { Contents } from '../../src/storage/contents.ts'
import { readFolder } from '../../src/storage/read-folder.ts'
import { Torrent } from '../../src/torrents/torrent.ts'
import type { TorrentOptions, TorrentParts } from '../../src/torrents/torrent-parts.ts'
import { WithoutPeers } from '../../src/torrents/without-peers.ts'
import { leaveCompleteTorrent, makeTorrent } from './earlier-run.ts'
import { patternBytes } from './pattern-bytes.ts'
import { recordingLog } from './recording-log.ts'
import { temporaryFolder } from './temporary-folder.ts'

export const PIECE = 256 * 1024
export const PIECES = 8
const NAME = 'Film.mkv'
export const FILM = patternBytes(PIECES * PIECE - 1_000)

/** An engine that only records its calls. */
export function fakeEngine() {
  const opened: OpenTorrent[] = []
  const wanted: (readonly PieceWindow[])[] = []
  const calls = { unverified: [] as number[], closed: 0, retried: 0 }
  const engine: Engine = {
    open: (request) => void opened.push(request),
    want: (_infoHash, windows) => void wanted.push(windows),
    unverify: (_infoHash, piece) => void calls.unverified.push(piece),
    retryWrites: () => void calls.retried++,
    close: async () => void calls.closed++,
    [Symbol.asyncDispose]: async () => undefined,
  }
  return { engine, opened, wanted, calls }
}

export interface WorldOptions extends Partial<TorrentOptions> {
  /** an earlier run left the complete film */
  readonly isOnDisk?: boolean
  /** the metadata cannot be saved */
  readonly isNoteless?: boolean
}

/** One torrent with a fake engine and fake neighbours, on a real disk. */
export async function torrentWorld({ isOnDisk, isNoteless, ...options }: WorldOptions = {}) {
  const folder = await temporaryFolder()
  const files = [{ name: NAME, bytes: FILM }]
  const { metainfo, infoHash, pieces } = makeTorrent(files)
  if (isOnDisk) await leaveCompleteTorrent({ root: folder.path, files })
  const directory = join(folder.path, infoHash)
  // A folder lies where the metadata is to be written.
  if (isNoteless) await mkdir(join(directory, '.self-streme', 'metainfo.torrent', 'x'), { recursive: true })

  const { engine, opened, wanted, calls } = fakeEngine()
  const { log, events } = recordingLog()
  const room = new DiskRoom()
  const put: { readonly contents: Contents; readonly origin: Origin | undefined }[] = []
  const seeders: number[] = []
  let dryChanges = 0
  let isBusy = false
  let isDryElsewhere = false
  const parts: TorrentParts = {
    engine,
    room,
    withoutPeers: new WithoutPeers(),
    places: { find: async () => directory },
    index: {
      put: (contents, origin) => void put.push({ contents, origin }),
      noteSeeders: (_infoHash, count) => void seeders.push(count),
    },
    slots: {
      async take(_newcomer, _purpose, enter) {
        if (isBusy) throw new SelfStremeError('torrent.busy', 'no slot is free')
        enter()
      },
      isDryElsewhere: () => isDryElsewhere,
      onDryChanged: () => void dryChanges++,
    },
  }
  const torrent = new Torrent(
    {
      infoHash: infoHash as InfoHash,
      directory,
      trackers: [],
      peerSearchMs: 60_000,
      firstPieceMs: 60_000,
      maxRetries: 0,
      stallTimeoutMs: 60_000,
      seed: false,
      ...options,
    },
    await readFolder(directory, infoHash as InfoHash),
    parts,
    log,
  )
  return {
    torrent,
    directory,
    path: join(directory, NAME),
    metainfo,
    pieces,
    opened,
    wanted,
    calls,
    room,
    put,
    seeders,
    events,
    get dryChanges() {
      return dryChanges
    },
    /** Whether no slot is free. */
    setBusy(busy: boolean) {
      isBusy = busy
    },
    /** Whether a reader of another torrent runs dry. */
    setDryElsewhere(isDry: boolean) {
      isDryElsewhere = isDry
    },
    /** The reports that the engine sends to, as of the last time the torrent was opened. */
    get reports() {
      const last = opened.at(-1)
      if (!last) throw new Error('the engine was not asked')
      return last.on
    },
    meetPeers: (stats: Partial<SwarmStats> = {}) =>
      opened.at(-1)?.on.stats({ peers: 1, seeders: 1, downloadSpeed: 0, ...stats }),
    /** Writes pieces as the engine does, and has it report them. */
    async write(
      numbers: readonly number[],
      bytes: (piece: number) => Uint8Array | undefined = (n) => pieces[n],
    ) {
      await writeFile(join(directory, NAME), '', { flag: 'a' })
      await using file = await open(join(directory, NAME), 'r+')
      const { on } = opened.at(-1) ?? {}
      const stats = await file.stat()
      on?.opened(0, fileIdOf(stats), stats.ctimeMs)
      for (const piece of numbers) {
        const written = bytes(piece) ?? new Uint8Array()
        await file.write(written, 0, written.length, piece * PIECE)
      }
      on?.wrote(0, (await file.stat()).ctimeMs, false)
      on?.verified(numbers)
    },
    async [Symbol.asyncDispose]() {
      await torrent.stopSwarm()
      await torrent.save()
      await folder[Symbol.asyncDispose]()
    },
  }
}

export type TorrentWorld = Awaited<ReturnType<typeof torrentWorld>>
