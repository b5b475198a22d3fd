import type { LibraryEntry } from '../admin/describe.ts'
import { sizeInWords, spanInWords } from '../lib/in-words.ts'

/** How far a torrent has come, in a sentence. */
export function howFar(entry: LibraryEntry): string {
  const { state, reason, bytesWanted, downloadSpeed, etaSeconds } = entry
  const of = bytesWanted === undefined ? '' : ` of ${sizeInWords(bytesWanted)}`
  const done = `${sizeInWords(entry.bytesThere)}${of}`
  switch (state) {
    case 'whole':
      return `whole, ${sizeInWords(entry.bytesThere)}`
    case 'fetching': {
      const rest = etaSeconds === undefined ? '' : `, ${spanInWords(etaSeconds * 1000)} to go`
      return `${done}, ${sizeInWords(downloadSpeed)} a second${rest}`
    }
    case 'looking':
      return `${done}, looking for peers`
    case 'queued':
      return reason === undefined ? `${done}, waits for its turn` : `${done}, waits: ${reason}`
    case 'refused':
    case 'failed':
      return `${state}: ${reason}`
    case 'partial':
      return `${done}, nobody fetches the rest`
    default:
      return state satisfies never
  }
}
