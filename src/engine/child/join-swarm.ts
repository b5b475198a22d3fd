import type WebTorrent from 'webtorrent'
import type { Torrent } from 'webtorrent'
import { writeMagnet } from '../../domain/bittorrent/magnet.ts'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import type { Command, Report } from '../protocol.ts'
import type { BanList } from './ban-list.ts'
import type { Dialler } from './dialler/dialler.ts'
import type { PeerDemand, TorrentDials } from './dialler/torrent-dials.ts'
import { dropPieceObjects } from './drop-piece-objects.ts'
import { mayRedial } from './good-peers.ts'
import { keepMetadata, parsedTorrent } from './metadata-as-found.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { guardPeerSources } from './peer-sources.ts'
import type { PieceMemory } from './piece-memory.ts'
import type { PieceStore } from './piece-store.ts'
import type { UploadGates } from './piece-store-parts.ts'
import { guardPlaces } from './places.ts'

const UPLOAD_SLOTS = 4
/** Peers that trackers are asked for; bittorrent-tracker 11.2.3 asks for 50, libtorrent for 200. */
const PEERS_WANTED = 200

export type OpenCommand = Extract<Command, { kind: 'open' }>

/** What all torrents share. */
export interface SwarmParts {
  readonly client: WebTorrent
  readonly dialler: Dialler
  readonly maxPeers: number
  readonly own: OwnTrackers
  /** local discovery is on */
  readonly lsd: boolean
  readonly banned: BanList
  readonly memory: PieceMemory
  readonly gates: UploadGates
  /** info hashes of private torrents */
  readonly privateOnes: Set<string>
  readonly report: (report: Report) => void
}

export interface JoiningTorrent {
  readonly command: OpenCommand
  readonly info: TorrentInfo | undefined
  /** Called when webtorrent needs the store, which is after the metadata is known. */
  readonly store: () => PieceStore
  /** the bytes that the info hash is made of, once known */
  readonly metadataOf: () => Uint8Array | undefined
  readonly demand: PeerDemand
}

export interface JoinedTorrent {
  readonly torrent: Torrent
  readonly dials: TorrentDials
}

/**
 * Adds a torrent to webtorrent with everything off that a server must not have: its own file names and folders,
 * selections of the whole torrent, its piece cache. All guards are in place before the first peer.
 */
export function joinSwarm(joining: JoiningTorrent, shared: SwarmParts): JoinedTorrent {
  const { command, info, store, metadataOf, demand } = joining
  const { infoHash, trackers, ofTorrent, directory, claimed } = command
  if (info?.isPrivate) shared.privateOnes.add(infoHash)
  const torrent = shared.client.add(info ? parsedTorrent(infoHash, info) : writeMagnet(infoHash), {
    announce: info?.isPrivate ? [...ofTorrent] : [...trackers],
    private: info?.isPrivate,
    path: directory,
    store: Store,
    storeCacheSlots: 0,
    deselect: true,
    bitfield: claimed,
    uploads: UPLOAD_SLOTS,
    getAnnounceOpts: () => ({ numwant: PEERS_WANTED }),
  })
  torrent.setMaxListeners(0)
  keepMetadata(torrent, metadataOf)
  dropPieceObjects(torrent)
  const dials = shared.dialler.join(torrent, demand)
  guardPlaces(torrent, shared.maxPeers, dials, shared.banned)
  guardPeerSources(torrent, shared.own, dials, ofTorrent)
  const startDiscovery = torrent._startDiscovery.bind(torrent)
  torrent._startDiscovery = () => {
    dialFirst(torrent, dials)
    startDiscovery()
  }
  return { torrent, dials }

  /** No tracker has been asked yet. */
  function dialFirst({ private: isPrivate = false }: Torrent, dials: TorrentDials): void {
    const { own, lsd } = shared
    for (const peer of command.goodPeers) {
      if (mayRedial(peer, { own, lsd, isPrivate }))
        dials.add(peer.address, peer.source, true, peer.isEncrypted)
    }
  }

  /** webtorrent calls `new` on its store; what a constructor returns takes the place of the new object. */
  function Store(): PieceStore {
    return store()
  }
}
