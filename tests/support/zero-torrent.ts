import { createHash } from 'node:crypto'
import { join } from 'node:path'
import bencode from 'bencode'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { Engine, PieceWindow } from '../../src/engine/engine.ts'
import { startEngineProcess } from '../../src/engine/engine-process.ts'
import { createLog } from '../../src/observe/log.ts'
import { makeTorrentFolder } from '../../src/storage/torrent-folder.ts'
import { childrenOf } from './processes.ts'
import { connectPeer, freePort, message } from './raw-peer.ts'
import { temporaryFolder } from './temporary-folder.ts'

const [UNCHOKE, REQUEST, PIECE, HAVE_ALL] = [1, 6, 7, 14]

export interface ZeroTorrentOptions {
  /** bytes */
  readonly pieceLength: number
  readonly pieces: number
  /** files of equal length that together fill all pieces; default one */
  readonly files?: number
}

/** A torrent of zeros that is open in an engine, with one peer that has all of it and sends blocks on demand. */
export interface ZeroTorrent {
  readonly infoHash: InfoHash
  readonly directory: string
  readonly verified: ReadonlySet<number>
  want(priority: PieceWindow['priority']): void
  /** Makes the peer send that many more blocks of 16 KiB; it sends none without. */
  give(blocks: number): void
  /** blocks sent so far */
  readonly given: number
}

/** An engine process without a server, and torrents of zeros for it. */
export async function startZeroEngine() {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await temporaryFolder())
  const port = await freePort()
  const options = {
    folders: [folder.path],
    port,
    trustedTrackers: [],
    dht: false,
    pex: false,
    lsd: false,
    utp: false,
    webRtc: false,
    nat: false,
    encryption: 'auto' as const,
    maxPeers: 10,
    dialsPerSecond: 50,
  }
  const engine = starting.use(startEngineProcess(options, createLog({ level: 'error', format: 'text' })))
  let opened = 0
  const parts = starting.move()
  return {
    /** pid of the engine process; set once a torrent is open */
    get pid(): number {
      const [pid] = childrenOf(process.pid, 'engine/child/main.ts')
      if (pid === undefined) throw new Error('the engine was not started')
      return pid
    },
    open: (torrent: ZeroTorrentOptions) => openTorrent(engine, port, folder.path, opened++, torrent),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function openTorrent(
  engine: Engine,
  port: number,
  folder: string,
  n: number,
  { pieceLength, pieces, files = 1 }: ZeroTorrentOptions,
): Promise<ZeroTorrent> {
  const hash = createHash('sha1').update(Buffer.alloc(pieceLength)).digest()
  const length = (pieces * pieceLength) / files
  const info = {
    ...(files === 1
      ? { length }
      : { files: Array.from({ length: files }, (_, file) => ({ length, path: [`${file}.mkv`] })) }),
    name: `Film ${n}.mkv`,
    'piece length': pieceLength,
    pieces: Buffer.concat(Array.from({ length: pieces }, () => hash)),
  }
  const infoHash = createHash('sha1').update(bencode.encode(info)).digest('hex') as InfoHash
  const directory = join(folder, infoHash)
  await makeTorrentFolder(directory)
  const verified = new Set<number>()
  engine.open({
    infoHash,
    trackers: [],
    ofTorrent: [],
    directory,
    metainfo: bencode.encode({ info }),
    claimed: () => undefined,
    goodPeers: () => [],
    on: {
      metainfo: () => undefined,
      verified(numbers) {
        for (const piece of numbers) verified.add(piece)
      },
      missing: () => undefined,
      opened: () => undefined,
      wrote: () => undefined,
      changed: () => undefined,
      ended: () => undefined,
      replacing: () => undefined,
      diskFull: () => undefined,
      diskReady: () => undefined,
      stats: () => undefined,
      goodPeers: () => undefined,
      failed: ({ reason }) => {
        throw new Error(reason)
      },
    },
  })
  const peer = await connectPeer(port, infoHash, `127.0.1.${n + 1}`)
  const asked: Buffer[] = []
  let allowed = 0
  let given = 0
  const answer = () => {
    while (allowed > 0) {
      const request = asked.shift()
      if (!request) return
      const said = Buffer.alloc(9 + request.readUInt32BE(9))
      said[0] = PIECE
      request.copy(said, 1, 1, 9)
      peer.send(said)
      allowed--
      given++
    }
  }
  peer.hear((said) => {
    if (said[0] === REQUEST) asked.push(Buffer.from(said))
    answer()
  })
  peer.send(message(HAVE_ALL))
  peer.send(message(UNCHOKE))
  return {
    infoHash,
    directory,
    verified,
    want: (priority) => engine.want(infoHash, [{ from: 0, to: pieces - 1, priority }]),
    give(blocks) {
      allowed += blocks
      answer()
    },
    get given() {
      return given
    },
  }
}
