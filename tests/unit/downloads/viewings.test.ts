import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { Viewings } from '../../../src/downloads/viewings.ts'
import type { Reading } from '../../../src/streaming/open-media.ts'

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

test('what there is to say of a viewing is said once', () => {
  const { read, told } = watching()
  read(0, 8)
  expect(told).toEqual([])
  for (let at = 8; at < 1000; at += 8) read(at, at + 8)
  expect(told).toEqual(['phone plays', 'phone is nearly through'])
})

test('two viewers of a film are two viewings', () => {
  const { read, told } = watching()
  read(0, 400, 0, 'phone')
  read(400, 800, 0, 'tv')
  expect(told).toEqual(['phone plays', 'tv plays', 'tv is nearly through'])
})

test('who comes back after half an hour watches anew', () => {
  const { read, told } = watching()
  read(0, 900)
  read(900, 950, 29)
  expect(told).toHaveLength(2)
  read(0, 20, 60)
  expect(told).toHaveLength(3)
})

test('of a film that somebody else sends, what comes next may be fetched at once', () => {
  const { handOff, told } = watching()
  handOff()
  handOff()
  expect(told).toEqual(['phone plays', 'phone is nearly through'])
})
