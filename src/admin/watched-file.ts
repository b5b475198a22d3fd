import { SelfStremeError } from '../domain/errors.ts'
import { MAX_TORRENT_FILE_BYTES } from '../storage/torrent-file.ts'
import { sourceOfFile, sourceOfMagnet, type TorrentSource } from './torrent-source.ts'

const MOST_MAGNET_BYTES = 1024 * 1024

/** What a file in the watch folder is by its name; `undefined` for one that nobody looks at. */
export function kindOf(name: string): 'torrent' | 'magnet' | undefined {
  const ending = /\.(torrent|magnet)$/i.exec(name)?.[1]?.toLowerCase()
  return ending as 'torrent' | 'magnet' | undefined
}

/**
 * The torrents that such a file names: a torrent file one, a file of magnet links one in each line; lines that are empty
 * or begin with `#` say nothing.
 *
 * @throws SelfStremeError `request.invalid`, also when only one of the lines is wrong
 */
export async function torrentsIn(name: string, bytes: Uint8Array): Promise<TorrentSource[]> {
  if (kindOf(name) === 'torrent') return [await sourceOfFile(bytes)]
  const lines = new TextDecoder().decode(bytes).split('\n')
  const said = lines.map((line, index) => ({ line: line.trim(), number: index + 1 }))
  const magnets = said.filter(({ line }) => line !== '' && !line.startsWith('#'))
  if (magnets.length === 0) throw new SelfStremeError('request.invalid', 'there is no magnet link in it')
  return magnets.map(({ line, number }) => {
    try {
      return sourceOfMagnet(line)
    } catch (cause) {
      throw new SelfStremeError('request.invalid', `line ${number}: ${(cause as Error).message}`, { cause })
    }
  })
}

/** Whether a file is longer than one that says something can be. */
export function isTooLong(name: string, bytes: number): boolean {
  return bytes > (kindOf(name) === 'torrent' ? MAX_TORRENT_FILE_BYTES : MOST_MAGNET_BYTES)
}
