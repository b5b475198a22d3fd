import type { TorrentEntry } from '../admin/describe.ts'
import { sizeInWords, spanInWords } from '../lib/in-words.ts'

/** The state of a torrent, in a sentence. */
export function howFar(entry: TorrentEntry): string {
  const { state, reason, bytesWanted, downloadSpeed, etaSeconds } = entry
  const of = bytesWanted === undefined ? '' : ` of ${sizeInWords(bytesWanted)}`
  const done = `${sizeInWords(entry.bytesThere)}${of}`
  switch (state) {
    case 'whole':
      return `complete, ${sizeInWords(entry.bytesThere)}`
    case 'fetching': {
      const rest = etaSeconds === undefined ? '' : `, ${spanInWords(etaSeconds * 1000)} left`
      return `${done}, ${sizeInWords(downloadSpeed)}/s${rest}`
    }
    case 'looking':
      return `${done}, looking for peers`
    case 'queued':
      return reason === undefined ? `${done}, queued` : `${done}, queued: ${reason}`
    case 'refused':
    case 'failed':
      return `${state}: ${reason}`
    case 'partial':
      return `${done}, the rest is not being downloaded`
    default:
      return state satisfies never
  }
}
