import { dirname } from 'node:path'
import type Wire from 'bittorrent-protocol'
import WebTorrent, { type Torrent } from 'webtorrent'
import { piecesIn } from '../../domain/bittorrent/bitfield.ts'
import { writeMagnet } from '../../domain/bittorrent/magnet.ts'
import { splitting, type TorrentInfo, wrapInfo } from '../../domain/bittorrent/metainfo.ts'
import { readNamedInfo } from '../../domain/bittorrent/read-named-info.ts'
import { messageOf } from '../../domain/errors.ts'
import { ByteGate } from '../../lib/byte-gate.ts'
import { inTurns } from '../../lib/in-turns.ts'
import { redactTrackers } from '../../lib/redact.ts'
import type { EngineFailure, EngineOptions, PieceWindow } from '../engine.ts'
import type { Command, Report } from '../protocol.ts'
import { BanList } from './ban-list.ts'
import { Disk } from './disk.ts'
import { lighten } from './drop-piece-objects.ts'
import { honourEarlyUnchoke } from './early-unchoke.ts'
import { Fetcher } from './fetch/fetcher.ts'
import { keepMetadata, parsedTorrent } from './metadata-as-found.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { guardDht, guardPeerSources } from './peer-sources.ts'
import { PieceMemory } from './piece-memory.ts'
import { PieceStore } from './piece-store.ts'
import { guardPlaces } from './places.ts'
import { keepOutOfDht, makePrivate } from './privacy.ts'
import { TorrentReports } from './torrent-reports.ts'

const UPLOAD_SLOTS = 4
/** Bytes that are being read for peers at a time; what they ask for beyond that waits. */
const UPLOAD_READ_BYTES = 16 * 1024 * 1024

type OpenCommand = Extract<Command, { kind: 'open' }>

/** The swarm as webtorrent sees it, spoken to in the engine's words. */
export interface Swarm {
  /** Resolves when it is open; reading long metadata takes a moment. */
  open(command: OpenCommand): Promise<void>
  want(id: number, windows: readonly PieceWindow[]): void
  unverify(id: number, piece: number): void
  /** Main knows that a file is about to be another one. */
  replace(id: number, file: number): void
  retryWrites(id: number): void
  close(id: number): Promise<void>
}

interface Opened {
  readonly id: number
  readonly torrent: Torrent
  /** folder that the torrent's own folder lies in */
  readonly base: string
  readonly disk: Disk
  /** what the info hash is made of */
  metadata: Uint8Array | undefined
  info: TorrentInfo | undefined
  store: PieceStore | undefined
  readonly fetcher: Fetcher
  readonly reports: TorrentReports
  /** files that are to be replaced, as soon as main knows of it */
  readonly replacing: Map<number, PromiseWithResolvers<void>>
}

/**
 * Starts webtorrent with everything off that a server must not have: its own file names and folders, web seeds,
 * whole-torrent selections, its piece cache.
 *
 * @param ports - free ones, or 0
 * @param onFatal - the client is beyond repair; the process should end
 */
export function startSwarm(
  options: EngineOptions,
  ports: { readonly tcp: number; readonly dht: number },
  own: OwnTrackers,
  report: (report: Report) => void,
  onFatal: (error: Error) => void,
): Swarm {
  const client = new WebTorrent({
    torrentPort: ports.tcp,
    dhtPort: ports.dht,
    dht: options.dht ? {} : false,
    lsd: options.lsd,
    utPex: options.pex,
    utp: options.utp,
    natUpnp: options.nat,
    natPmp: options.nat,
    secure: options.encryption === 'prefer' ? 1 : 0,
    maxConns: options.maxPeers,
    downloadLimit: options.downloadLimit ?? -1,
    uploadLimit: options.uploadLimit ?? -1,
    webSeeds: false,
    seedOutgoingConnections: false,
    tracker: options.webRtc ? {} : { wrtc: false },
  })
  client.on('error', onFatal)
  /** for as long as this process runs: what is asked of the DHT outlives a torrent's stay */
  const privateOnes = new Set<string>()
  if (client.dht) {
    guardDht(client.dht)
    keepOutOfDht(client.dht, privateOnes)
  }
  const opened = new Map<number, Opened>()
  const banned = new BanList()
  const memory = new PieceMemory()
  // One piece is hashed at a time: it is the engine's own thread that does it.
  const gates = { reads: new ByteGate(UPLOAD_READ_BYTES), checks: new ByteGate(1) }

  async function open(command: OpenCommand): Promise<void> {
    const { metainfo } = command
    try {
      const metadata = metainfo && (await inTurns(splitting(metainfo))).info
      add(command, metadata, metadata && (await readNamedInfo(metadata)))
    } catch (error) {
      const failure = { code: 'torrent.invalid', reason: messageOf(error) } as const
      report({ kind: 'failed', id: command.id, failure })
    }
  }

  function add(command: OpenCommand, metadata?: Uint8Array, info?: TorrentInfo): void {
    const { id, infoHash, trackers, ofTorrent, directory } = command
    if (info?.isPrivate) privateOnes.add(infoHash)
    const torrent = client.add(info ? parsedTorrent(infoHash, info) : writeMagnet(infoHash), {
      announce: info?.isPrivate ? [...ofTorrent] : [...trackers],
      private: info?.isPrivate,
      path: directory,
      store: StoreOf,
      storeCacheSlots: 0,
      deselect: true,
      bitfield: command.claimed,
      uploads: UPLOAD_SLOTS,
    })
    torrent.setMaxListeners(0)
    keepMetadata(torrent, () => entry.metadata)
    lighten(torrent)
    guardPeerSources(torrent, own, ofTorrent)
    honourEarlyUnchoke(torrent)
    guardPlaces(torrent, options.maxPeers, banned)
    const base = dirname(directory)
    const disk = [...opened.values()].find((other) => other.base === base)?.disk ?? new Disk()
    const fetcher = new Fetcher(torrent, () => entry.info, memory, disk, {
      guilty: (wire, piece) => ban(wire, infoHash, piece),
      silent: (wire, gaveNothing) => letGo(wire, infoHash, gaveNothing),
      unwritable: (error) => fail(entry, 'disk.failed', error),
      giveUp: (piece) => entry.store?.giveUp(piece),
    })
    const allTrackers = [...trackers, ...ofTorrent]
    const pieces = {
      isVerified: (piece: number) => entry.store?.isVerified(piece) === true,
      forget: (gone: readonly number[]) => forget(entry, gone),
    }
    const reports = new TorrentReports(torrent, id, () => entry.info, pieces, allTrackers, report)
    const entry: Opened = {
      id,
      torrent,
      base,
      disk,
      metadata,
      info,
      store: undefined,
      fetcher,
      reports,
      replacing: new Map(),
    }
    opened.set(id, entry)

    /** webtorrent calls `new` on its store; what a constructor returns takes the place of the new object. */
    function StoreOf(): PieceStore {
      if (!entry.info) throw new Error('the store was asked for before the metadata was checked')
      const claimed = command.claimed ? piecesIn(command.claimed, entry.info.pieceCount) : []
      entry.store = new PieceStore(entry.info, directory, claimed, disk, gates, {
        opened: (file, fileId) => report({ kind: 'opened', id, file, fileId }),
        damaged: (piece) => forget(entry, [piece]),
        gone: (pieces) => forget(entry, pieces),
        diskFull: (refusal) => report({ kind: 'diskFull', id, refusal }),
        diskReady: () => report({ kind: 'diskReady', id }),
        replacing(file, copy) {
          const agreed = Promise.withResolvers<void>()
          entry.replacing.set(file, agreed)
          report({ kind: 'replacing', id, file, copy })
          return agreed.promise
        },
      })
      return entry.store
    }

    const acceptMetadata = torrent._onMetadata.bind(torrent)
    torrent._onMetadata = async (found) => {
      // Without metadata from us, it comes from a peer.
      if (found instanceof Uint8Array) return entry.metadata ? undefined : learn(found)
      await acceptMetadata(found)
    }

    async function learn(found: Uint8Array): Promise<void> {
      entry.metadata = found
      try {
        entry.info = await readNamedInfo(found)
        if (!opened.has(id)) return
        if (entry.info.isPrivate) {
          privateOnes.add(infoHash)
          makePrivate(torrent, ofTorrent)
        }
        report({ kind: 'metainfo', id, bytes: wrapInfo(found) })
        await acceptMetadata(parsedTorrent(infoHash, entry.info))
      } catch (error) {
        fail(entry, 'torrent.invalid', error)
      }
    }

    torrent.on('wire', (wire: Wire) => {
      if (torrent.wires.length > options.maxPeers || banned.isBanned(wire)) {
        wire.destroy()
        return
      }
      fetcher.add(wire)
      // webtorrent leaves a request for a piece that is missing without an answer.
      wire.on(
        'request',
        (piece: number, _offset: number, _length: number, answer: (error: Error) => void) => {
          if (!torrent.bitfield.get(piece)) answer(new Error(`piece ${piece} is not there`))
        },
      )
      // Peers unchoke those who want something; by now the handshake is on its way.
      queueMicrotask(() => wire.interested())
      reports.follow(wire)
    })
    torrent.on('error', (error: unknown) => {
      fail(entry, 'engine.down', redactTrackers(messageOf(error), allTrackers))
    })
  }

  function ban(wire: Wire, infoHash: string, piece: number): void {
    banned.ban(wire)
    const fields = { infoHash, peer: `${wire.remoteAddress}:${wire.remotePort}`, piece }
    report({ kind: 'log', level: 'warn', message: 'peer banned, it sent wrong bytes', fields })
    wire.destroy()
  }

  function letGo(wire: Wire, infoHash: string, gaveNothing: boolean): void {
    if (gaveNothing) banned.onSilent(wire)
    const fields = { infoHash, peer: `${wire.remoteAddress}:${wire.remotePort}` }
    report({ kind: 'log', level: 'debug', message: 'peer dropped, it does not answer requests', fields })
    wire.destroy()
  }

  /** Has pieces fetched again that webtorrent believes to be there. */
  function forget(entry: Opened, pieces: readonly number[]): void {
    const { torrent, store, id } = entry
    for (const piece of pieces) store?.forget(piece)
    // While webtorrent starts a torrent it goes by the claimed pieces that it was given.
    if (!torrent.ready) return void torrent.once('ready', () => forget(entry, pieces))
    if (torrent.destroyed) return
    const believed = pieces.filter((piece) => torrent.bitfield.get(piece))
    for (const piece of believed) torrent._markUnverified(piece)
    if (believed.length > 0) torrent._checkDone()
    report({ kind: 'missing', id, pieces })
    for (const piece of pieces) entry.fetcher.reopen(piece)
  }

  function fail(entry: Opened, code: EngineFailure['code'], error: unknown): void {
    if (!opened.has(entry.id)) return
    report({ kind: 'failed', id: entry.id, failure: { code, reason: messageOf(error) } })
    void close(entry.id)
  }

  async function close(id: number): Promise<void> {
    const entry = opened.get(id)
    opened.delete(id)
    if (entry) {
      entry.reports[Symbol.dispose]()
      entry.fetcher[Symbol.dispose]()
      // Main no longer listens.
      for (const { reject } of entry.replacing.values()) reject(new Error('the torrent is closed'))
      // Trackers may take their time to hear that we leave; only the files matter to whoever waits.
      if (!entry.torrent.destroyed) entry.torrent.destroy()
      await entry.store?.closeFiles()
    }
    report({ kind: 'closed', id })
  }

  return {
    open,
    want: (id, windows) => opened.get(id)?.fetcher.want(windows),
    unverify: (id, piece) => {
      const entry = opened.get(id)
      if (entry) forget(entry, [piece])
    },
    replace: (id, file) => opened.get(id)?.replacing.get(file)?.resolve(),
    retryWrites: (id) => opened.get(id)?.disk.retry(),
    close,
  }
}
