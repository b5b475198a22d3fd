import { EventEmitter } from 'node:events'
import type Wire from 'bittorrent-protocol'
import { afterEach, expect, test } from 'vitest'
import { fetchMetadata, type MetadataFetcher } from '../../../../src/engine/child/metadata-download.ts'

const PART = 16 * 1024
const LONGEST = 16 * 1024 * 1024
const part = new Uint8Array(PART)
const open: EventEmitter[] = []

/** ut_metadata, as far as it is used here. */
function meet(dropped: unknown[] = []) {
  const wire = new EventEmitter()
  open.push(wire)
  const asked: number[] = []
  const got: (Uint8Array | undefined)[] = []
  const metadata: MetadataFetcher = {
    metadata: undefined,
    _fetching: true,
    _metadataSize: null,
    _numPieces: 0,
    _remainingRejects: null,
    _bitfield: { get: () => false },
    _request: (piece) => asked.push(piece),
    _requestPieces: () => undefined,
    _checkDone: async () => void got.push(metadata.metadata),
    onExtendedHandshake: () => undefined,
    _onData: () => undefined,
  }
  fetchMetadata(wire as unknown as Wire, metadata, (each) => dropped.push(each))
  const promise = (size: unknown) =>
    metadata.onExtendedHandshake({ m: { ut_metadata: 1 }, metadata_size: size })
  return { wire, metadata, asked, got, promise }
}

afterEach(() => {
  for (const wire of open.splice(0)) wire.emit('close')
})

test.for([1, PART, PART + 1, 10_000_001, LONGEST])(
  'metadata of %i bytes is requested and assembled',
  (size) => {
    const { asked, got, metadata, promise } = meet()
    promise(size)
    expect(asked).toEqual(Array.from({ length: Math.ceil(size / PART) }, (_, piece) => piece))
    for (const piece of asked.reverse()) {
      const bytes = new Uint8Array(Math.min(PART, size - piece * PART)).fill(piece % 256)
      metadata._onData(piece, bytes, size)
      metadata._onData(piece, bytes, size)
    }
    expect(got).toHaveLength(1)
    expect([got[0]?.length, got[0]?.[0], got[0]?.at(-1)]).toEqual([size, 0, (asked.length - 1) % 256])
  },
)

test.for([0, -1, LONGEST + 1, 1.5e300, '5', undefined])(
  'no metadata is requested for a size of %j',
  (size) => {
    const { asked, metadata, promise } = meet()
    promise(size)
    expect([asked, metadata._metadataSize]).toEqual([[], null])
  },
)

test('of many peers that stop sending metadata, those silent for longest are dropped', () => {
  const dropped: unknown[] = []
  const peers = Array.from({ length: 9 }, () => meet(dropped))
  for (const { promise } of peers) promise(LONGEST)
  for (const { metadata } of peers)
    for (let piece = 1; piece < LONGEST / PART; piece++) metadata._onData(piece, part, LONGEST)
  expect(dropped).toEqual([peers[0]?.wire])
  // A peer that leaves frees what was stored for it.
  for (const { wire } of peers) wire.emit('close')
  const { metadata, promise, got } = meet(dropped)
  promise(PART)
  metadata._onData(0, part, PART)
  expect([got.length, dropped.length]).toEqual([1, 1])
})
