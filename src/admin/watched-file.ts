import { SelfStremeError } from '../domain/errors.ts'
import { MAX_TORRENT_FILE_BYTES } from '../storage/torrent-file.ts'
import { sourceOfFile, sourceOfMagnet, type TorrentSource } from './torrent-source.ts'

const MAX_MAGNET_BYTES = 1024 * 1024

/** The kind of a file in the watch folder, by its name; `undefined` for other files, which are ignored. */
export function kindOf(name: string): 'torrent' | 'magnet' | undefined {
  const ending = /\.(torrent|magnet)$/i.exec(name)?.[1]?.toLowerCase()
  return ending as 'torrent' | 'magnet' | undefined
}

/**
 * The torrents in such a file: one in a torrent file; one per line in a file of magnet links, except for empty lines and
 * those that begin with `#`.
 *
 * @throws SelfStremeError `request.invalid`, even if only one of the lines is wrong
 */
export async function torrentsIn(name: string, bytes: Uint8Array): Promise<TorrentSource[]> {
  if (kindOf(name) === 'torrent') return [await sourceOfFile(bytes)]
  const lines = new TextDecoder().decode(bytes).split('\n')
  const numbered = lines.map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const magnets = numbered.filter(({ line }) => line !== '' && !line.startsWith('#'))
  if (magnets.length === 0) throw new SelfStremeError('request.invalid', 'no magnet link in the file')
  return magnets.map(({ line, number }) => {
    try {
      return sourceOfMagnet(line)
    } catch (cause) {
      throw new SelfStremeError('request.invalid', `line ${number}: ${(cause as Error).message}`, { cause })
    }
  })
}

/** Whether a file is larger than any valid one. */
export function isTooLong(name: string, bytes: number): boolean {
  return bytes > (kindOf(name) === 'torrent' ? MAX_TORRENT_FILE_BYTES : MAX_MAGNET_BYTES)
}
