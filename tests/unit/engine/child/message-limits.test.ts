import Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { installMessageLimits } from '../../../../src/engine/child/message-limits.ts'

const BLOCK = 16_384
const MIB = 1024 * 1024
const dropped: Wire[] = []
installMessageLimits((wire) => void dropped.push(wire))

interface Asked {
  readonly piece: number
  readonly answer: (error: Error | null, block?: Uint8Array) => void
}

/** An unchoked peer that has read nothing yet, and the reads from disk made for it. */
function openWire() {
  const wire = new Wire()
  Object.assign(wire, { amChoking: false })
  const asked: Asked[] = []
  wire.on('request', (piece: number, _offset: number, _length: number, answer: Asked['answer']) => {
    asked.push({ piece, answer })
  })
  const ask = (piece: number) => wire._onRequest(piece, 0, BLOCK)
  const read = async () => {
    wire.resume()
    while (wire._readableState.buffered > 0) await new Promise((done) => setImmediate(done))
    wire.pause()
  }
  return { wire, asked, ask, read, isDropped: () => dropped.includes(wire) }
}

test('at most 4 MiB are read from disk for one peer at a time, whatever it cancels meanwhile', () => {
  const { wire, asked, ask } = openWire()
  for (let n = 0; n < 900; n++) {
    ask(n)
    // As on a cancel message.
    wire._pull(wire.peerRequests, n, 0, BLOCK)
  }
  expect(asked).toHaveLength(256)
  for (const { answer } of asked.splice(0)) answer(null, Buffer.alloc(BLOCK))
  expect(wire._readableState.buffered).toBe(0)
  ask(1)
  expect(asked).toHaveLength(1)
})

test('a peer that keeps requesting more than it reads is dropped', async () => {
  const { asked, ask, read, isDropped } = openWire()
  const answerAll = () => {
    for (const { answer } of asked.splice(0)) answer(null, Buffer.alloc(BLOCK))
  }
  // Requests beyond its limit are forgiven when it reads what it gets.
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 1_200; n++) ask(n)
    answerAll()
    await read()
  }
  expect(isDropped()).toBe(false)
  for (let n = 0; n < 256; n++) ask(n)
  answerAll()
  for (let n = 0; n < 1_500; n++) ask(n)
  expect(isDropped()).toBe(true)
})

test('all peers together may leave 64 MiB unread, and a peer that reads is still answered', async () => {
  const hoarders = Array.from({ length: 40 }, openWire)
  let bytes = 0
  for (const { asked, ask } of hoarders) {
    for (let n = 0; n < 256; n++) ask(n)
    for (const { answer } of asked.splice(0)) {
      answer(null, Buffer.alloc(BLOCK))
      bytes += BLOCK
    }
  }
  expect(bytes).toBeGreaterThan(50 * MIB)
  // Each later peer may leave a little unread.
  expect(bytes).toBeLessThan(80 * MIB)

  const reader = openWire()
  for (let n = 0; n < 200; n++) {
    reader.ask(n)
    expect(reader.asked, `request ${n}`).toHaveLength(1)
    reader.asked.pop()?.answer(null, Buffer.alloc(BLOCK))
    await reader.read()
  }
  for (const { wire } of hoarders) wire.destroy()
})
