import { dirname } from 'node:path'
import WebTorrent from 'webtorrent'
import type { DhtNode } from '../../domain/bittorrent/dht-nodes.ts'
import { splitting } from '../../domain/bittorrent/metainfo.ts'
import { readNamedInfo } from '../../domain/bittorrent/read-named-info.ts'
import { messageOf } from '../../domain/errors.ts'
import { ByteGate } from '../../lib/byte-gate.ts'
import { inTurns } from '../../lib/in-turns.ts'
import type { EngineOptions, PieceWindow } from '../engine.ts'
import type { Report } from '../protocol.ts'
import { BanList } from './ban-list.ts'
import { type DhtTable, keepDhtTable } from './dht-table.ts'
import { Dialler } from './dialler/dialler.ts'
import { Disk } from './disk.ts'
import type { OpenCommand } from './join-swarm.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { guardDht } from './peer-sources.ts'
import { PieceMemory } from './piece-memory.ts'
import { keepOutOfDht } from './privacy.ts'
import { SwarmTorrent } from './swarm-torrent.ts'

/** Bytes that are read for peers at a time; further requests wait. */
const UPLOAD_READ_BYTES = 16 * 1024 * 1024

/** The swarm as webtorrent sees it, in the engine's words. */
export interface Swarm {
  /** Resolves when it is open; long metadata takes a moment to read. */
  open(command: OpenCommand): Promise<void>
  want(id: number, windows: readonly PieceWindow[]): void
  unverify(id: number, piece: number): void
  /** Main knows that a file is about to be replaced. */
  replace(id: number, file: number): void
  retryWrites(id: number): void
  close(id: number): Promise<void>
  /** What the DHT's table has now. */
  dhtNodes(): readonly DhtNode[]
}

export interface SwarmOptions {
  readonly engine: EngineOptions
  /** free ones, or 0 */
  readonly ports: { readonly tcp: number; readonly dht: number }
  readonly own: OwnTrackers
  /** kept by an earlier run */
  readonly dhtNodes: readonly DhtNode[]
}

export interface SwarmListener {
  report(report: Report): void
  /** The client is beyond repair: the process should end. */
  fatal(error: Error): void
}

export function startSwarm({ engine, ports, own, dhtNodes }: SwarmOptions, on: SwarmListener): Swarm {
  const { report } = on
  const client = startClient(engine, ports)
  client.on('error', (error: Error) => on.fatal(error))
  /** for as long as this process runs: DHT queries may outlast a torrent's stay */
  const privateOnes = new Set<string>()
  let dhtTable: DhtTable | undefined
  if (client.dht) {
    guardDht(client.dht)
    keepOutOfDht(client.dht, privateOnes)
    dhtTable = keepDhtTable(client.dht, dhtNodes, (nodes) => report({ kind: 'dhtNodes', nodes }))
  }
  const shared = {
    client,
    dialler: new Dialler(engine),
    maxPeers: engine.maxPeers,
    own,
    lsd: engine.lsd,
    banned: new BanList(),
    memory: new PieceMemory(),
    // One piece is hashed at a time, as it is done in this process' only thread.
    gates: { reads: new ByteGate(UPLOAD_READ_BYTES), checks: new ByteGate(1) },
    privateOnes,
    report,
  }
  const opened = new Map<number, { readonly torrent: SwarmTorrent; readonly base: string }>()

  async function open(command: OpenCommand): Promise<void> {
    const { id, metainfo, directory } = command
    try {
      const bytes = metainfo && (await inTurns(splitting(metainfo))).info
      const known = bytes && { bytes, info: await readNamedInfo(bytes) }
      const base = dirname(directory)
      const disk = [...opened.values()].find((other) => other.base === base)?.torrent.disk ?? new Disk()
      const onEnd = () => opened.delete(id)
      opened.set(id, { torrent: new SwarmTorrent({ command, known, disk, onEnd }, shared), base })
    } catch (error) {
      const failure = { code: 'torrent.invalid', reason: messageOf(error) } as const
      report({ kind: 'failed', id, failure })
    }
  }

  const find = (id: number) => opened.get(id)?.torrent
  return {
    open,
    want: (id, windows) => find(id)?.want(windows),
    unverify: (id, piece) => find(id)?.forget([piece]),
    replace: (id, file) => find(id)?.replace(file),
    retryWrites: (id) => find(id)?.disk.retry(),
    async close(id) {
      const torrent = find(id)
      if (torrent) await torrent.close()
      else report({ kind: 'closed', id })
    },
    dhtNodes: () => dhtTable?.nodes() ?? [],
  }
}

/** webtorrent without what a server must not have: web seeds, seeding connections of its own. */
function startClient(options: EngineOptions, ports: SwarmOptions['ports']): WebTorrent {
  return new WebTorrent({
    torrentPort: ports.tcp,
    dhtPort: ports.dht,
    dht: options.dht ? {} : false,
    lsd: options.lsd,
    utPex: options.pex,
    utp: options.utp,
    natUpnp: options.nat,
    natPmp: options.nat,
    // Incoming connections may be encrypted; how we connect to others is decided by the dialler.
    secure: options.encryption === 'never' ? 0 : 1,
    downloadLimit: options.downloadLimit ?? -1,
    uploadLimit: options.uploadLimit ?? -1,
    webSeeds: false,
    seedOutgoingConnections: false,
    tracker: options.webRtc ? {} : { wrtc: false },
  })
}
