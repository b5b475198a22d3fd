import type { LibraryEntry } from '../admin/describe.ts'
import { type InfoHash, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { printableLine } from '../lib/printable.ts'
import { Failure, UsageError } from './command.ts'
import type { RunningServer } from './running-server.ts'

const MIN_PREFIX_LENGTH = 6

/** The one torrent that a command is about, as it was typed. @throws UsageError if it is not one */
export function onlyOne(typed: readonly string[], what: string): string {
  const [one, another] = typed
  if (one === undefined || another !== undefined) throw new UsageError(`${what} is what it takes`)
  return one
}

/**
 * The torrent that somebody means by an info hash, or by the first digits of one.
 *
 * @throws UsageError, Failure
 */
export async function namedTorrent(typed: string, server: RunningServer): Promise<InfoHash> {
  const infoHash = parseInfoHash(typed)
  if (infoHash) return infoHash
  const digits = typed.toLowerCase()
  if (!/^[0-9a-f]{6,39}$/.test(digits))
    throw new UsageError(`"${typed}" is no info hash, nor its first ${MIN_PREFIX_LENGTH} digits or more`)
  const { torrents } = await server.ask<{ torrents: LibraryEntry[] }>('GET', '/api/torrents')
  const meant = torrents.filter((torrent) => torrent.infoHash.startsWith(digits))
  const [one, another] = meant
  if (one && !another) return one.infoHash
  throw new Failure(
    one
      ? [`${meant.length} torrents begin with ${digits}:`, ...meant.map(nameAndHash)].join('\n')
      : `no torrent on disk begins with ${digits}`,
  )
}

function nameAndHash({ infoHash, name }: LibraryEntry): string {
  return printableLine(`  ${infoHash}  ${name}`)
}
