import { piecesIn } from '../../src/domain/bittorrent/bitfield.ts'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { messageOf } from '../../src/domain/errors.ts'
import { Disk } from '../../src/engine/child/disk.ts'
import { PieceStore } from '../../src/engine/child/piece-store.ts'
import type { Engine, OpenTorrent, PieceWindow } from '../../src/engine/engine.ts'
import { ByteGate } from '../../src/lib/byte-gate.ts'

/** A swarm of one torrent, without a network. */
export interface LocalSwarm {
  readonly metainfo: Uint8Array
  readonly pieces: readonly Uint8Array[]
}

/** An engine that gets all pieces from this process and writes them to the disk as the real one does. */
export interface LocalEngine extends Engine {
  /** Peers send nothing before they are added. */
  arePeersThere: boolean
}

interface Opened {
  readonly request: OpenTorrent
  store: PieceStore | undefined
  windows: readonly PieceWindow[]
  work: Promise<void>
  isClosed: boolean
}

export function localEngine({ metainfo, pieces }: LocalSwarm): LocalEngine {
  const info = parseMetainfo(metainfo)
  const gates = { reads: new ByteGate(4 * 1024 * 1024), checks: new ByteGate(1) }
  const opened = new Map<string, Opened>()
  let arePeersThere = false

  /** Handles a torrent's messages in order. */
  function next(entry: Opened, work: () => Promise<void>): void {
    entry.work = entry.work.then(async () => {
      if (entry.isClosed) return
      try {
        await work()
      } catch (error) {
        entry.isClosed = true
        opened.delete(entry.request.infoHash)
        await entry.store?.closeFiles()
        entry.request.on.failed({ code: 'disk.failed', reason: messageOf(error) })
      }
    })
  }

  async function meetPeer(entry: Opened): Promise<void> {
    if (!arePeersThere || entry.store) return
    const { directory, claimed, on } = entry.request
    const there = claimed()
    const pieces = there ? piecesIn(there, info.pieceCount) : []
    entry.store = new PieceStore(
      { info, directory, claimed: pieces, disk: new Disk(), gates },
      {
        opened: on.opened,
        wrote: on.wrote,
        changed: on.changed,
        damaged: (piece) => on.missing([piece]),
        gone: on.missing,
        diskFull: on.diskFull,
        diskReady: on.diskReady,
        replacing: async (file, copy) => on.replacing(file, copy),
      },
    )
    on.stats({ peers: 1, seeders: 1, downloadSpeed: 0 })
    if (!entry.request.metainfo) on.metainfo(metainfo)
  }

  async function fetchWanted(entry: Opened): Promise<void> {
    const { store, windows, request } = entry
    if (!store) return
    for (const { from, to } of windows)
      for (let piece = from; piece <= to && !entry.isClosed; piece++) {
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        store.put(piece, pieces[piece] ?? new Uint8Array(), (error) => (error ? reject(error) : resolve()))
        await promise
        request.on.verified([piece])
      }
  }

  return {
    get arePeersThere() {
      return arePeersThere
    },
    set arePeersThere(areThere) {
      arePeersThere = areThere
      for (const entry of opened.values()) next(entry, () => meetPeer(entry))
    },
    open(request) {
      const entry = { request, store: undefined, windows: [], work: Promise.resolve(), isClosed: false }
      opened.set(request.infoHash, entry)
      next(entry, () => meetPeer(entry))
    },
    want(infoHash, windows) {
      const entry = opened.get(infoHash)
      if (!entry) return
      entry.windows = windows
      next(entry, () => fetchWanted(entry))
    },
    unverify: () => undefined,
    retryWrites: () => undefined,
    async close(infoHash) {
      const entry = opened.get(infoHash)
      if (!entry) return
      opened.delete(infoHash)
      entry.isClosed = true
      await entry.store?.closeFiles()
      await entry.work
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...opened.keys()].map((infoHash) => this.close(infoHash as OpenTorrent['infoHash'])))
    },
  }
}
