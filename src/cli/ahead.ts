import type { Predownload } from '../downloads/guesses.ts'
import { sizeInWords } from '../lib/in-words.ts'
import { command } from './command.ts'
import { namedTorrent, onlyOne } from './named-torrent.ts'
import { JSON_OPTION, print, table } from './print.ts'
import { runningServer } from './running-server.ts'

const HEADING = ['HASH', 'WHY', 'STATE', 'DONE', 'SIZE', 'NAME']
const NUMBERS = ['DONE', 'SIZE']

export const aheadLs = command({
  name: 'ahead ls',
  about: 'List predownloads: what is downloaded before it is requested.',
  usage: 'ahead ls [--json]',
  details: 'PREDOWNLOAD sets what is downloaded ahead.',
  options: { json: JSON_OPTION },
  allowPositionals: false,
  async run({ values }) {
    const answer = await runningServer().ask<{ predownloads: readonly Predownload[] }>(
      'GET',
      '/api/predownloads',
    )
    const { predownloads } = answer
    const lines = table([HEADING, ...predownloads.map(rowOf)], NUMBERS)
    return print(values.json, answer, predownloads.length > 0 ? lines : ['No predownloads.'])
  },
})

export const aheadStop = command({
  name: 'ahead stop',
  about: 'Stop predownloads, of one torrent or all.',
  usage: 'ahead stop (<info hash> | --all) [--json]',
  details: 'Downloaded data stays. Predownloads begin again after the next start of the server.',
  options: { all: { type: 'boolean', about: 'of all torrents' }, json: JSON_OPTION },
  allowPositionals: true,
  async run({ values, positionals }) {
    const server = runningServer()
    const infoHash = values.all
      ? undefined
      : await namedTorrent(onlyOne(positionals, 'info hash, or --all'), server)
    const path = infoHash === undefined ? '/api/predownloads' : `/api/predownloads/${infoHash}`
    const answer = await server.ask<{ stopped: number }>('DELETE', path)
    return print(values.json, answer, [`${answer.stopped} stopped`])
  },
})

function rowOf({ infoHash, why, state, name, bytesThere, bytesWanted }: Predownload): string[] {
  const percent = bytesWanted ? `${Math.floor((100 * (bytesThere ?? 0)) / bytesWanted)} %` : ''
  const size = bytesWanted === undefined ? '' : sizeInWords(bytesWanted)
  return [infoHash.slice(0, 12), why, state, percent, size, name ?? '']
}
