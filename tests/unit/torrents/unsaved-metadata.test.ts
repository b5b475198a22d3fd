import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import { MadeFiles } from '../../../src/storage/made-files.ts'
import { makeTorrentFolder } from '../../../src/storage/torrent-folder.ts'
import type { KnownTorrent } from '../../../src/torrents/known-torrent.ts'
import { FILM, PIECE, type TorrentWorld, torrentWorld } from '../../support/torrent-world.ts'

const PATIENT = new AbortController().signal

const FULL = new SelfStremeError('disk.full', 'The disk of the server is full.')

interface Saving {
  readonly world: TorrentWorld
  readonly known: KnownTorrent
  /** Lets the metadata be written. */
  finish(): void
  fail(): void
}

/** A torrent whose metadata came from a peer, and is being saved. */
async function savingTorrent(): Promise<Saving> {
  const world = await torrentWorld()
  const { room } = world.torrent
  const note = room.note.bind(room)
  const held = Promise.withResolvers<void>()
  // The folder is made first; then the metadata is written into it.
  vi.spyOn(room, 'note')
    .mockImplementationOnce(note)
    .mockImplementation(async (write) => held.promise.then(() => note(write)))
  await world.torrent.join()
  await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
  world.reports.metainfo(world.metainfo)
  await expect.poll(() => world.torrent.known, { interval: 1 }).toBeDefined()
  const { known } = world.torrent
  if (!known) throw new Error('the metadata is not known')
  return { world, known, finish: held.resolve, fail: () => held.reject(FULL) }
}

async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
  return (await Promise.race([promise.catch(() => undefined), pending])) !== pending
}

test('while the metadata is being saved, a verified piece may be sent', async () => {
  const { world, known, finish } = await savingTorrent()
  await using _world = world
  const starting = known.reading.whenStartable(0, 0, PATIENT)
  await world.write([0])
  await starting
  const sent: Buffer[] = []
  for await (const slice of known.reading.read(0, { start: 0, end: PIECE - 1 }, undefined, PATIENT))
    sent.push(Buffer.from(slice))
  expect(Buffer.concat(sent).equals(FILM.subarray(0, PIECE))).toBe(true)
  expect(world.put, 'the index gets what is saved').toEqual([])
  finish()
  await expect.poll(() => world.put.length, { interval: 1 }).toBe(1)
})

test('a connected peer alone is not enough until the metadata is saved', async () => {
  const { world, known, fail } = await savingTorrent()
  await using _world = world
  const starting = known.reading.whenStartable(0, 0, PATIENT)
  starting.catch(() => undefined)
  world.meetPeers()
  expect(await hasSettled(starting)).toBe(false)
  fail()
  await expect(starting).rejects.toMatchObject({ code: 'disk.full' })
})

test('and then it is', async () => {
  const { world, known, finish } = await savingTorrent()
  await using _world = world
  const starting = known.reading.whenStartable(0, 0, PATIENT)
  world.meetPeers()
  finish()
  await starting
})

test('a reader that has begun gets the error when the metadata cannot be saved', async () => {
  const { world, known, fail } = await savingTorrent()
  await using _world = world
  await world.write([0])
  const range = { start: 0, end: 2 * PIECE - 1 }
  const waiting = known.reading.read(0, range, undefined, PATIENT)
  let bytes = 0
  for (; bytes < PIECE; ) bytes += (await waiting.next()).value?.length ?? 0
  const next = waiting.next()
  next.catch(() => undefined)
  fail()
  await expect(next).rejects.toMatchObject({ code: 'disk.full' })
})

test('and so does one that needs its next piece only later; the torrent is not begun again for it', async () => {
  const { world, known, fail } = await savingTorrent()
  await using _world = world
  await world.write([0])
  fail()
  await expect.poll(() => world.torrent.state, { interval: 1 }).toBe('unknown')
  const late = known.reading.read(0, { start: PIECE, end: 2 * PIECE - 1 }, undefined, PATIENT)
  await expect(late.next()).rejects.toMatchObject({ code: 'disk.full' })
  expect([world.torrent.state, world.opened.length]).toEqual(['unknown', 1])
})

test('a folder whose record of files was lost in a power cut gets a new one, so that it can be written to', async () => {
  await using world = await torrentWorld()
  await makeTorrentFolder(world.directory)
  await writeFile(join(world.directory, '.self-streme', 'made'), '')
  expect(await MadeFiles.read(world.directory)).toBeUndefined()
  await world.torrent.metadata.receive(world.metainfo)
  expect(await MadeFiles.read(world.directory)).toBeDefined()
})
