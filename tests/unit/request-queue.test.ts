import { EventEmitter } from 'node:events'
import type Wire from 'bittorrent-protocol'
import { expect, test, vi } from 'vitest'
import { createRequestQueue } from '../../src/engine/child/request-queue.ts'

const BLOCK = 16 * 1024

/** Requests that webtorrent would have outstanding for a speed (getBlockPipelineLength in its lib/torrent.js). */
const outstanding = (wire: Wire) => 2 + Math.ceil(wire.downloadSpeed() / BLOCK)

const fakeWire = () =>
  Object.assign(new EventEmitter(), { downloaded: 0, downloadSpeed: () => 0 }) as unknown as Wire

test('a new peer is asked for 32 blocks at once, and for no single one from the end first', () => {
  using queue = createRequestQueue()
  const wire = fakeWire()
  queue.add(wire)
  expect(outstanding(wire)).toBe(32)
  expect(wire.downloaded).toBeGreaterThan(0)
})

test('a fast peer is asked for three tenths of a second in advance, at once; when it slows down, slowly less', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    using queue = createRequestQueue()
    const wire = fakeWire()
    queue.add(wire)
    wire.downloadSpeed(1_600_000)
    vi.advanceTimersByTime(100)
    expect(outstanding(wire)).toBe(2 + Math.ceil((0.3 * 16_000_000) / BLOCK))
    vi.advanceTimersByTime(100)
    expect(outstanding(wire)).toBe(2 + Math.ceil((0.7 * 0.3 * 16_000_000) / BLOCK))
    vi.advanceTimersByTime(5_000)
    expect(outstanding(wire)).toBe(32)
  } finally {
    vi.useRealTimers()
  }
})
