import type { TorrentEntry } from '../admin/describe.ts'
import { type InfoHash, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { printableLine } from '../lib/printable.ts'
import { Failure, UsageError } from './command.ts'
import type { RunningServer } from './running-server.ts'

const MIN_PREFIX_LENGTH = 6

/** The only argument of a command. @throws UsageError if there is none, or more than one */
export function onlyOne(typed: readonly string[], what: string): string {
  const [one, another] = typed
  if (one === undefined || another !== undefined) throw new UsageError(`expected one ${what}`)
  return one
}

/**
 * The torrent with an info hash, or with one that begins with these digits.
 *
 * @throws UsageError, Failure
 */
export async function namedTorrent(typed: string, server: RunningServer): Promise<InfoHash> {
  const infoHash = parseInfoHash(typed)
  if (infoHash) return infoHash
  const digits = typed.toLowerCase()
  if (!/^[0-9a-f]{6,39}$/.test(digits))
    throw new UsageError(
      `"${typed}" is not an info hash, or the first ${MIN_PREFIX_LENGTH} or more digits of one`,
    )
  const { torrents } = await server.ask<{ torrents: TorrentEntry[] }>('GET', '/api/torrents')
  const meant = torrents.filter((torrent) => torrent.infoHash.startsWith(digits))
  const [one, another] = meant
  if (one && !another) return one.infoHash
  throw new Failure(
    one
      ? [`${meant.length} torrents begin with ${digits}:`, ...meant.map(nameAndHash)].join('\n')
      : `no torrent on disk begins with ${digits}`,
  )
}

function nameAndHash({ infoHash, name }: TorrentEntry): string {
  return printableLine(`  ${infoHash}  ${name}`)
}
