import { sizeInWords } from '../lib/in-words.ts'
import { command } from './command.ts'
import { namedTorrent, onlyOne } from './named-torrent.ts'
import { JSON_OPTION, print } from './print.ts'
import { runningServer } from './running-server.ts'

export const rm = command({
  name: 'rm',
  about: 'Remove a torrent from disk, pinned or not.',
  usage: 'rm <info hash> [--keep-data] [--json]',
  details: [
    'The first six digits of the info hash are enough if they are unique.',
    'With --keep-data its files stay and become yours: the server will neither change nor remove them.',
  ].join('\n'),
  options: {
    'keep-data': { type: 'boolean', about: 'leave its files on disk' },
    json: JSON_OPTION,
  },
  allowPositionals: true,
  async run({ values, positionals }) {
    const typed = onlyOne(positionals, 'info hash')
    const server = runningServer()
    const infoHash = await namedTorrent(typed, server)
    const path = `/api/torrents/${infoHash}`
    if (values['keep-data']) {
      const answer = await server.ask<{ keptAt: string }>('DELETE', `${path}?data=false`)
      return print(values.json, answer, [`${infoHash} is yours, in ${answer.keptAt}`])
    }
    const answer = await server.ask<{ freedBytes: number }>('DELETE', path)
    return print(values.json, answer, [`removed ${infoHash}, freed ${sizeInWords(answer.freedBytes)}`])
  },
})
