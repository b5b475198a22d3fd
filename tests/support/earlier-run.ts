import { createHash } from 'node:crypto'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import type { Usage } from '../../src/domain/usage.ts'

const PIECE_LENGTH = 256 * 1024

export interface EarlierRun {
  /** download folder */
  readonly root: string
  readonly files: readonly { readonly name: string; readonly bytes: Buffer }[]
  /** epoch ms; default now */
  readonly lastReadAt?: number
  /** more of its usage */
  readonly usage?: Partial<Usage>
  /** bytes; default 256 KiB */
  readonly pieceLength?: number | undefined
  /** name of the folder; default: the info hash */
  readonly folderName?: (infoHash: string) => string
}

export interface LeftFolder {
  readonly infoHash: string
  readonly directory: string
  /** of each file, in the given order */
  readonly paths: readonly string[]
}

/** Leaves a complete torrent in a download folder, as an earlier run does. */
export async function leaveCompleteTorrent(run: EarlierRun): Promise<LeftFolder> {
  const { metainfo, infoHash, pieceCount } = makeTorrent(run.files, run.pieceLength)
  const directory = join(run.root, run.folderName?.(infoHash) ?? infoHash)
  const ours = join(directory, '.self-streme')
  await mkdir(ours, { recursive: true })

  const paths = run.files.map(({ name }) => join(directory, name))
  for (const [index, { bytes }] of run.files.entries()) await writeFile(paths[index] ?? '', bytes)
  const stats = await Promise.all(paths.map((path) => stat(path)))
  const whole = Object.fromEntries(stats.map(({ size, mtimeMs }, index) => [index, { size, mtimeMs }]))
  const lastReadAt = run.lastReadAt ?? Date.now()
  await writeFile(join(ours, 'metainfo.torrent'), metainfo)
  await writeFile(join(ours, 'state.json'), JSON.stringify({ whole }))
  const usage = {
    addedAt: lastReadAt,
    lastReadAt,
    plays: 0,
    playsAt: lastReadAt,
    isPinned: false,
    ...run.usage,
  }
  await writeFile(join(ours, 'usage.json'), JSON.stringify({ origin: 'watched', ...usage }))
  await writeFile(join(ours, 'verified.bits'), allBits(pieceCount))
  return { infoHash, directory, paths }
}

/** A torrent file of some files, and the bytes of its pieces. */
export function makeTorrent(
  files: EarlierRun['files'],
  pieceLength = PIECE_LENGTH,
): {
  metainfo: Uint8Array
  infoHash: string
  pieceCount: number
  pieces: Uint8Array[]
} {
  const data = Buffer.concat(files.map(({ bytes }) => bytes))
  const pieceCount = Math.ceil(data.length / pieceLength)
  const pieces = Array.from({ length: pieceCount }, (_, piece) =>
    data.subarray(piece * pieceLength, (piece + 1) * pieceLength),
  )
  const [first] = files
  const content =
    files.length === 1
      ? { length: data.length, name: first?.name }
      : { files: files.map(({ name, bytes }) => ({ length: bytes.length, path: [name] })), name: 'Films' }
  const info = { ...content, 'piece length': pieceLength, pieces: Buffer.concat(pieces.map(sha1)) }
  return {
    metainfo: bencode.encode({ info }),
    infoHash: sha1(bencode.encode(info)).toString('hex'),
    pieceCount,
    pieces,
  }
}

/** A bit for each piece, the highest one first; spare bits at the end are 0. */
function allBits(pieceCount: number): Buffer {
  const bits = Buffer.alloc(Math.ceil(pieceCount / 8))
  for (let piece = 0; piece < pieceCount; piece++)
    bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (0x80 >> (piece & 7))
  return bits
}

function sha1(bytes: Uint8Array): Buffer {
  return createHash('sha1').update(bytes).digest()
}
