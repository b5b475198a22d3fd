import bencode from 'bencode'
import { startLocalServer } from './local-server.ts'

export interface Announcement {
  readonly infoHash: string
  /** `started`, `stopped`, `completed`, or empty */
  readonly event: string
  /** as received */
  readonly query: string
}

/** A tracker on this machine that knows no peers and stores its announcements. */
export async function startRecordingTracker() {
  const asked: Announcement[] = []
  const server = await startLocalServer((req, res) => {
    const query = req.url?.split('?')[1] ?? ''
    const parameter = (name: string) => new RegExp(`(?:^|&)${name}=([^&]*)`).exec(query)?.[1] ?? ''
    const infoHash = Buffer.from(unescape(parameter('info_hash')), 'latin1').toString('hex')
    asked.push({ infoHash, event: parameter('event'), query })
    res.end(bencode.encode({ interval: 1800, peers: Buffer.alloc(0) }))
  })
  return {
    url: `${server.url}/announce`,
    /** in the order received */
    asked,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
