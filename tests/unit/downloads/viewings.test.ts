import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { Viewings } from '../../../src/downloads/viewings.ts'
import type { Reading } from '../../../src/streaming/reads.ts'

const MIB = 1024 * 1024
const MINUTE = 60_000
const FILM: Reading = { infoHash: 'a'.repeat(40) as InfoHash, fileIdx: 3, client: 'phone', size: 1000 * MIB }

function watching() {
  const told: string[] = []
  const viewings = new Viewings({
    played: ({ client }) => void told.push(`${client} plays`),
    nearlyThrough: ({ client }) => void told.push(`${client} is nearly through`),
  })
  return {
    told,
    read: (fromMib: number, toMib: number, atMinute = 0, client = 'phone') =>
      viewings.note(
        { ...FILM, client, sent: { start: fromMib * MIB, end: toMib * MIB - 1 } },
        atMinute * MINUTE,
      ),
    handOff: () => viewings.note(FILM, 0),
  }
}

test('a viewing is reported once as played and once as nearly finished', () => {
  const { read, told } = watching()
  read(0, 8)
  expect(told).toEqual([])
  for (let at = 8; at < 1000; at += 8) read(at, at + 8)
  expect(told).toEqual(['phone plays', 'phone is nearly through'])
})

test('two viewers of the same film are two viewings', () => {
  const { read, told } = watching()
  read(0, 400, 0, 'phone')
  read(400, 800, 0, 'tv')
  expect(told).toEqual(['phone plays', 'tv plays', 'tv is nearly through'])
})

test('a viewer who returns after half an hour starts a new viewing', () => {
  const { read, told } = watching()
  read(0, 900)
  read(900, 950, 29)
  expect(told).toHaveLength(2)
  read(0, 20, 60)
  expect(told).toHaveLength(3)
})

test('a film handed off to nginx counts as nearly finished at once', () => {
  const { handOff, told } = watching()
  handOff()
  handOff()
  expect(told).toEqual(['phone plays', 'phone is nearly through'])
})
