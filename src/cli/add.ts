import type { TorrentEntry } from '../admin/describe.ts'
import { parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseSelection } from '../domain/usage.ts'
import { loadTorrentFile } from '../storage/torrent-file.ts'
import { command, Failure, UsageError } from './command.ts'
import { howFar } from './describe-torrent.ts'
import { onlyOne } from './named-torrent.ts'
import { JSON_OPTION, print } from './print.ts'
import { type Body, runningServer } from './running-server.ts'
import { typedPath } from './typed-path.ts'

interface Options {
  readonly files?: string | undefined
  readonly path?: string | undefined
  readonly pin?: boolean | undefined
}

export const add = command({
  name: 'add',
  about: 'Download a torrent before it is watched, and keep it.',
  usage:
    'add <magnet link | info hash | file.torrent> [--files <which>] [--path <folder>] [--no-pin] [--json]',
  options: {
    files: {
      type: 'string',
      value: '<which>',
      about:
        '"main" (the largest video), "all", or indexes counted from 0: 0,2; without it, what the magnet link selects (so=), else "main"',
    },
    path: { type: 'string', value: '<folder>', about: 'put it there; under one of TORRENT_EXTRA_PATHS' },
    'no-pin': { type: 'boolean', about: 'clean it up like any other once it is complete' },
    json: JSON_OPTION,
  },
  allowPositionals: true,
  async run({ values, positionals }) {
    const typed = onlyOne(positionals, 'magnet link, info hash or torrent file')
    const { files, path, 'no-pin': isUnpinned, json } = values
    if (files !== undefined && parseSelection(files) === undefined)
      throw new UsageError(`--files must be "main", "all" or indexes such as 0,2, not "${files}"`)
    const options = {
      ...(files === undefined ? {} : { files }),
      ...(path === undefined ? {} : { path: typedPath(path) }),
      ...(isUnpinned ? { pin: false } : {}),
    }
    const entry = await runningServer().ask<TorrentEntry>('POST', ...(await request(typed, options)))
    return print(json, entry, [
      `${entry.name} ${entry.isPinned ? 'added and pinned' : 'added'}: ${howFar(entry)}`,
    ])
  },
})

/** @throws Failure, SelfStremeError or the system's error when the file cannot be read */
async function request(typed: string, options: Options): Promise<[path: string, body: Body]> {
  // A malformed magnet link is reported by the server.
  if (parseInfoHash(typed) || /^magnet:/i.test(typed)) {
    const content = JSON.stringify({ magnet: typed, ...options })
    return ['/api/torrents', { type: 'application/json', content }]
  }
  const path = typedPath(typed)
  const content = await loadTorrentFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause
    throw new Failure(`"${typed}" is not a magnet link or an info hash, and there is no file ${path}`, {
      cause,
    })
  })
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(options)) query.set(name, String(value))
  return [`/api/torrents?${query}`, { type: 'application/x-bittorrent', content }]
}
