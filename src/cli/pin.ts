import type { TorrentEntry } from '../admin/describe.ts'
import { command } from './command.ts'
import { namedTorrent, onlyOne } from './named-torrent.ts'
import { JSON_OPTION, print } from './print.ts'
import { runningServer } from './running-server.ts'

export const pin = pinning(
  'pin',
  'PUT',
  'Keep a torrent until it is unpinned.',
  'is kept until it is unpinned',
)
export const unpin = pinning('unpin', 'DELETE', 'Let clean-up remove a torrent again.', 'is unpinned')

function pinning(name: string, method: string, about: string, outcome: string) {
  return command({
    name,
    about,
    usage: `${name} <info hash> [--json]`,
    details: 'The first six digits of the info hash are enough if they are unique.',
    options: { json: JSON_OPTION },
    allowPositionals: true,
    async run({ values, positionals }) {
      const typed = onlyOne(positionals, 'info hash')
      const server = runningServer()
      const infoHash = await namedTorrent(typed, server)
      const entry = await server.ask<TorrentEntry>(method, `/api/torrents/${infoHash}/pin`)
      return print(values.json, entry, [`${entry.name} ${outcome}`])
    },
  })
}
