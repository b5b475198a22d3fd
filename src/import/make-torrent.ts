import { extname } from 'node:path'
import createTorrent from 'create-torrent'
import { SelfStremeError } from '../domain/errors.ts'
import { readTorrentFile } from '../storage/torrent-file.ts'
import type { ImportContext } from './context.ts'
import type { BroughtTorrent } from './import-torrent.ts'
import type { Skipped } from './report.ts'
import { findSource, type Source, type SourceFile } from './source-files.ts'

/** More pieces would make a torrent file of over 2 MB. */
const MAX_PIECES = 100_000
/** Up to this length, create-torrent's default piece length gives at most that many pieces. */
const MAX_LENGTH_OF_DEFAULT_PIECES = MAX_PIECES * 4 * 1024 * 1024

export interface NewTorrent {
  /** file or folder */
  readonly path: string
  /** default: the name of the file or folder; a file keeps its extension */
  readonly name?: string | undefined
  readonly trackers: readonly string[]
}

/**
 * Makes a torrent of a file or folder, as other clients do: files sorted by name, without hidden files and junk.
 *
 * @returns the torrent with its files, and what was left out
 * @throws SelfStremeError `request.invalid`, `torrent.invalid`; the signal's reason, and the system's errors
 */
export async function makeTorrent(
  wanted: NewTorrent,
  context: ImportContext,
  signal: AbortSignal,
): Promise<{ readonly torrent: BroughtTorrent; readonly skipped: readonly Skipped[] }> {
  const source = await findSource(wanted.path, { withHidden: false })
  // create-torrent would follow links to folders, and hang on anything that is not a regular file.
  const [obstacle] = source.unusable
  if (obstacle) {
    const { path, why } = obstacle
    const what = source.isFolder ? `remove ${path} from the folder first: ${why}` : why
    throw new SelfStremeError('request.invalid', what)
  }
  if (source.files.length === 0)
    throw new SelfStremeError('request.invalid', `there are no files in ${wanted.path}`)

  const made = await readTorrentFile(await create(source, wanted, context, signal))
  const byPath = new Map(source.files.map((file) => [file.relative, file]))
  const sources = new Map<number, SourceFile>()
  for (const [fileIdx, { path, length }] of made.info.files.entries()) {
    const file = source.isFolder ? byPath.get(path) : source.files[0]
    if (file?.stats.size !== length)
      throw new SelfStremeError('media.damaged', `${wanted.path} was changed while it was being read`)
    if (length > 0) sources.set(fileIdx, file)
    byPath.delete(file.relative)
  }
  const junk = [...byPath.values()].map(({ path }) => ({
    path,
    why: 'it is a junk file of the operating system',
  }))
  const verdicts = Array.from({ length: made.info.pieceCount }, () => 'right' as const)
  return { torrent: { ...made, sources, verdicts }, skipped: [...source.hidden, ...junk] }
}

function create(
  source: Source,
  { name = source.name, trackers }: NewTorrent,
  { onProgress }: ImportContext,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  // create-torrent cannot be cancelled: it runs on, and its result is ignored.
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  const length = source.files.reduce((sum, { stats }) => sum + stats.size, 0)
  const options = {
    name: source.isFolder || extname(name) === extname(source.name) ? name : name + extname(source.name),
    announceList: trackers.map((tracker) => [tracker]),
    pieceLength:
      length > MAX_LENGTH_OF_DEFAULT_PIECES ? 2 ** Math.ceil(Math.log2(length / MAX_PIECES)) : undefined,
    onProgress: (doneBytes: number, totalBytes: number) =>
      onProgress({ step: 'hashing', doneBytes, totalBytes }),
  }
  createTorrent(source.realPath, options, (error, metainfo) => (error ? reject(error) : resolve(metainfo)))
  return promise
}
