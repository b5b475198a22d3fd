import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { writeBitfield } from '../../src/domain/bittorrent/bitfield.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { type FileId, fileIdOf } from '../../src/files/file-id.ts'
import type { ContentDisk } from '../../src/torrents/content/content-disk.ts'
import { TorrentContent } from '../../src/torrents/content/torrent-content.ts'
import { recordingLog } from './recording-log.ts'
import { torrentOf } from './torrent-of.ts'

export const PIECES = 4
const PIECE = 16 * 1024
const BYTES = PIECES * PIECE

/** Letters of the states of pieces, as {@link ContentWorld.pieces} has them. */
const LETTERS = { verified: 'v', claimed: 'c', missing: '-' } as const

/** The one file of a torrent on a disk that a test sets. */
interface FakeFile {
  readonly ino: number
  /** when it was last written to, epoch ms */
  changedAt: number
}

/** A disk in memory with the film of one torrent on it. */
class FakeDisk implements ContentDisk {
  /** epoch ms */
  clock = 10_000
  file: FakeFile | undefined = { ino: 1, changedAt: 10_000 }
  /** it cannot be read or written (EIO) */
  isFailing = false
  /** pieces whose bytes are wrong */
  readonly wrong = new Set<number>()
  /** what was saved last */
  saved: { bits?: Uint8Array; isComplete?: boolean } = {}
  /** how often data was synced */
  syncs = 0
  #held: { readonly hashing?: PromiseWithResolvers<void>; readonly syncing?: PromiseWithResolvers<void> } = {}

  /** Has all hashing, or all syncing, wait until {@link release}. */
  hold(work: 'hashing' | 'syncing'): void {
    this.#held = { [work]: Promise.withResolvers<void>() }
  }

  release(): void {
    const { hashing, syncing } = this.#held
    this.#held = {}
    hashing?.resolve()
    syncing?.resolve()
  }

  async stat(): Promise<Stats> {
    const stats = await this.statIfThere()
    if (!stats) throw failure('ENOENT')
    return stats
  }

  async statIfThere(): Promise<Stats | undefined> {
    if (this.isFailing) throw failure('EIO')
    if (!this.file) return undefined
    const { ino, changedAt } = this.file
    const stats = { dev: 1, ino, size: BYTES, mtimeMs: changedAt, ctimeMs: changedAt, birthtimeMs: 0 }
    return stats as Stats
  }

  async open(): Promise<FileHandle> {
    const stats = await this.stat()
    return { stat: async () => stats, close: async () => undefined } as FileHandle
  }

  async share(): Promise<never> {
    throw new Error('no test opens a complete file here')
  }

  readonly isPieceRight: ContentDisk['isPieceRight'] = async (_info, _paths, piece, opened) => {
    const stats = await this.stat()
    opened?.(0, stats)
    await this.#held.hashing?.promise
    return !this.wrong.has(piece)
  }

  async bytesOnDisk(): Promise<number> {
    return BYTES
  }

  async syncFiles(): Promise<void> {
    if (this.isFailing) throw failure('EIO')
    this.syncs++
    await this.#held.syncing?.promise
    if (this.isFailing) throw failure('EIO')
  }

  async saveBits(_directory: string, bits: Uint8Array): Promise<void> {
    if (this.isFailing) throw failure('EIO')
    this.saved = { ...this.saved, bits }
  }

  readonly saveState: ContentDisk['saveState'] = async (_directory, { whole }) => {
    if (this.isFailing) throw failure('EIO')
    this.saved = { ...this.saved, isComplete: whole[0] !== undefined }
  }
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: the disk said so`), { code })
}

export type ContentWorld = ReturnType<typeof contentWorld>

/** The content of a torrent of one film of four pieces, on a disk in memory. @param claimed - by an earlier run */
export function contentWorld(claimed: readonly number[] = []) {
  const disk = new FakeDisk()
  const metainfo = torrentOf('Film.mkv', new Uint8Array(BYTES), PIECE)
  const said: string[] = []
  const { log, events } = recordingLog()
  let isListedComplete = false
  const found = {
    directory: '/films/torrent',
    metainfo,
    info: parseMetainfo(metainfo),
    state: { whole: {} },
    claimed: writeBitfield(PIECES, (piece) => claimed.includes(piece)),
  }
  const content = new TorrentContent(
    { infoHash: 'ab'.repeat(20) as InfoHash, found, disk },
    {
      damaged: (piece) => said.push(`${piece} is damaged`),
      lost: () => said.push('lost'),
      complete: () => said.push('complete'),
      changed: ({ files }) => {
        const isComplete = files[0]?.wholeMtimeMs !== undefined
        if (isComplete !== isListedComplete) said.push(isComplete ? 'listed' : 'unlisted')
        isListedComplete = isComplete
      },
    },
    log,
  )
  return {
    content,
    disk,
    /** what was logged */
    events,
    /** What the content reported, in order; `listed` when the film becomes complete in the index. */
    said,
    /** what the index was told last */
    get isListedComplete() {
      return isListedComplete
    },
    /** the states of the pieces, one letter each */
    get pieces() {
      return Array.from({ length: PIECES }, (_, piece) => LETTERS[content.pieces.stateOf(piece)]).join('')
    },
    /** The engine opens the file that is there, or another one. */
    engineOpens(id: FileId = idOf(disk.file?.ino ?? 0)) {
      content.files.noteEngines(0, id, disk.file?.changedAt ?? disk.clock)
    },
    /** The engine writes pieces to the file that it has open, and reports them. */
    engineWrites(pieces: readonly number[]) {
      if (disk.file) disk.file.changedAt = disk.clock
      content.files.noteWrote(0, disk.clock, false)
      return content.markVerified(pieces)
    },
    /** Another program writes to the file, or puts another one in its place, or removes it. */
    interfere(how: 'writes' | 'replaces' | 'removes') {
      if (how === 'removes') disk.file = undefined
      else disk.file = { ino: how === 'writes' ? (disk.file?.ino ?? 0) : 99, changedAt: disk.clock }
    },
    /** Everything that is not held back has been done. */
    async settle() {
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    },
  }
}

/** The id of a file of {@link FakeDisk}. */
export function idOf(ino: number): FileId {
  return fileIdOf({ dev: 1, ino, birthtimeMs: 0 } as Stats)
}
