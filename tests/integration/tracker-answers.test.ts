import type { ServerResponse } from 'node:http'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { startLocalServer } from '../support/local-server.ts'
import { childrenOf } from '../support/processes.ts'
import { listenAsPeer } from '../support/raw-peer.ts'
import { startTestApp } from '../support/test-app.ts'

type Answer = (port: number) => object

const peer = (port: number) => ({ 'peer id': 'x'.repeat(20), ip: '127.0.0.1', port })
/** Each for a separate torrent. */
const FORMS: Readonly<Record<string, Answer>> = {
  'a list of dictionaries': (port) => ({ peers: [peer(port)] }),
  'a list with entries that are no peers': (port) => ({ peers: [7, {}, { ip: 'nowhere' }, peer(port), []] }),
  'a list called peers6': (port) => ({ peers: [], peers6: [{ ip: '::ffff:127.0.0.1', port }] }),
  'ports as text': (port) => ({ peers: [{ ip: '127.0.0.1', port: String(port) }] }),
  'a compact list with a byte too many': (port) => ({
    peers: Buffer.from([127, 0, 0, 1, port >> 8, port & 255, 9]),
  }),
  'a warning that is no text': (port) => ({ 'warning message': ['slow', 'down'], peers: [peer(port)] }),
  'an id of bytes': (port) => ({ 'tracker id': Buffer.from([0xff, 0]), peers: [peer(port)] }),
}

/** Answers that must only affect their own torrent. */
const HOSTILE: readonly ((res: ServerResponse) => void)[] = [
  (res) => res.end(bencode.encode({ 'failure reason': 1 })),
  (res) => res.end(bencode.encode({ 'failure reason': ['no'] })),
  (res) => res.end('d8:interval'),
  (res) => res.end('l-3:e'),
  (res) => res.end(Buffer.alloc(300 * 1024)),
  (res) => res.writeHead(204).end(),
  (res) => {
    res.writeHead(200, { 'content-length': 100 }).write('d5:peers')
    setImmediate(() => res.destroy())
  },
]

test('peers are found in every form of tracker answers, after invalid ones too', async () => {
  const met = new Set<string>()
  await using stack = new AsyncDisposableStack()
  const answers = new Map<string, (res: ServerResponse) => void>()
  for (const [index, answer] of HOSTILE.entries()) answers.set(hashOf(100 + index), answer)
  for (const [index, [form, answer]] of Object.entries(FORMS).entries()) {
    const { port } = stack.use(await listenAsPeer(hashOf(index), () => met.add(form)))
    answers.set(hashOf(index), (res) => res.end(bencode.encode({ interval: 1800, ...answer(port) })))
  }
  const asked = new Set<string>()
  await using tracker = await startLocalServer((req, res) => {
    const infoHash = infoHashIn(req.url ?? '')
    asked.add(infoHash)
    const answer = answers.get(infoHash)
    if (answer) answer(res)
    else res.end()
  })
  await using app = await startTestApp({
    TORRENT_TRACKERS: `${tracker.url}/announce`,
    TORRENT_TIMEOUT: '30000',
  })
  const leaving = new AbortController()
  const watch = (infoHash: string) =>
    void fetch(`${app.url}/stream/proxy/${infoHash}`, { signal: leaving.signal }).catch(() => undefined)
  for (const index of HOSTILE.keys()) watch(hashOf(100 + index))
  await expect.poll(() => asked.size).toBe(HOSTILE.length)
  const engines = childrenOf(process.pid, 'engine/child/main.ts')

  for (const index of Object.keys(FORMS).keys()) watch(hashOf(index))
  await expect.poll(() => [...met].toSorted()).toEqual(Object.keys(FORMS).toSorted())
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual(engines)
  leaving.abort()
})

function hashOf(index: number): string {
  return index.toString(16).padStart(4, '0').repeat(10)
}

function infoHashIn(url: string): string {
  const text = /[?&]info_hash=([^&]*)/.exec(url)?.[1] ?? ''
  const bytes = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('hex')
}
