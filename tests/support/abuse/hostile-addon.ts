import { type LocalServer, startLocalServer } from '../local-server.ts'

const MANIFEST = {
  id: 'org.example.hostile',
  name: 'Hostile',
  version: '1.0.0',
  types: ['movie', 'series'],
  idPrefixes: ['tt'],
  resources: ['stream'],
}

/** Bytes of one answer. */
const STREAMS = 250
/** First of the ids for which it fails, and of those for which it never answers; a million of each. */
export const FAILING_ID = 7_000_000
export const SILENT_ID = 8_000_000

/** An addon for which every second answer is huge. */
export async function startHostileAddon(): Promise<LocalServer & { readonly manifestUrl: string }> {
  let answers = 0
  const server = await startLocalServer((req, res) => {
    const { url = '' } = req
    if (/\/tt7\d{6}\b/.test(url)) return void res.writeHead(500).end()
    if (/\/tt8\d{6}\b/.test(url)) return
    res.setHeader('Content-Type', 'application/json')
    if (url === '/manifest.json') return void res.end(JSON.stringify(MANIFEST))
    res.end(hugeAnswer(++answers))
  })
  return Object.assign(server, { manifestUrl: `${server.url}/manifest.json` })
}

/** 250 streams of nearly four kilobytes, different in every list. */
function hugeAnswer(list: number): string {
  const streams = Array.from({ length: STREAMS }, (_, n) => ({
    infoHash: (list * STREAMS + n).toString(16).padStart(40, '0'),
    name: `${list} ${n} ${'n'.repeat(180)}`,
    description: `Film.${list}.${n}.${'d'.repeat(950)}`,
    behaviorHints: {
      bingeGroup: `${list} ${n} ${'g'.repeat(280)}`,
      filename: `${list}.${n}.${'f'.repeat(280)}.mkv`,
    },
    sources: Array.from(
      { length: 20 },
      (__, at) => `tracker:udp://t${list}-${n}-${at}.example.org:1/${'p'.repeat(40)}`,
    ),
  }))
  return JSON.stringify({ streams })
}
