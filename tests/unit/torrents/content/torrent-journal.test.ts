import { expect, test } from 'vitest'
import type { FolderState } from '../../../../src/storage/folder-state.ts'
import { TorrentJournal } from '../../../../src/torrents/content/torrent-journal.ts'
import { recordingLog } from '../../../support/recording-log.ts'

const MIB = 1024 * 1024
const FILM = '/films/torrent/Film.mkv'

/** A journal of a torrent on a disk that records what is written, in order. */
function journal() {
  const done: string[] = []
  const { log, events } = recordingLog()
  const source = {
    bits: Uint8Array.of(0),
    state: { whole: {} } as FolderState,
    isDoubted: false,
  }
  /** the next write of each kind: waits, or fails */
  const next: Partial<Record<'sync' | 'bits' | 'state', () => Promise<void>>> = {}
  const write = async (kind: 'sync' | 'bits' | 'state', what: string) => {
    await next[kind]?.()
    done.push(`${kind} ${what}`)
  }
  const disk = {
    syncFiles: (paths: readonly string[]) => write('sync', paths.join()),
    saveBits: (_directory: string, bits: Uint8Array) => write('bits', String(bits[0])),
    saveState: (_directory: string, { whole }: FolderState) => write('state', Object.keys(whole).join()),
  }
  const kept = new TorrentJournal(
    { directory: '/films/torrent', disk },
    {
      bits: () => source.bits,
      state: () => source.state,
      claimUnsynced: () => {
        source.isDoubted = true
      },
    },
    log,
  )
  return { kept, done, next, source, events }
}

function failWith(code: string) {
  return async () => {
    throw Object.assign(new Error(code), { code })
  }
}

async function endOfTurn(): Promise<void> {
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}

test('nothing is written while nothing has changed', async () => {
  const { kept, done } = journal()
  await kept.save()
  expect([kept.isSaved, done]).toEqual([true, []])
})

test('the data is synced before the bits are saved, and the state comes last', async () => {
  const { kept, done, source } = journal()
  source.bits = Uint8Array.of(7)
  source.state = { whole: { 2: { size: 1, mtimeMs: 1 } } }
  kept.notePieces(1, [FILM, FILM])
  kept.noteState()
  expect(kept.isSaved).toBe(false)
  await kept.save()
  expect([kept.isSaved, done]).toEqual([true, [`sync ${FILM}`, 'bits 7', 'state 2']])
})

test('bits are those from before the sync: a piece that comes during it is for the next save', async () => {
  const { kept, done, next, source } = journal()
  const syncing = Promise.withResolvers<void>()
  next.sync = () => syncing.promise
  source.bits = Uint8Array.of(1)
  kept.notePieces(1, [FILM])
  const saving = kept.save()
  await endOfTurn()
  source.bits = Uint8Array.of(3)
  kept.notePieces(1, ['/films/torrent/Other.mkv'])
  syncing.resolve()
  await saving
  expect([kept.isSaved, done]).toEqual([false, [`sync ${FILM}`, 'bits 1']])
  await kept.save()
  expect([kept.isSaved, done.slice(2)]).toEqual([true, ['sync /films/torrent/Other.mkv', 'bits 3']])
})

test('many bytes are saved without being asked, once however many come meanwhile', async () => {
  const { kept, done, next } = journal()
  const syncing = Promise.withResolvers<void>()
  next.sync = () => syncing.promise
  kept.notePieces(8 * MIB - 1, [FILM])
  await endOfTurn()
  expect(kept.isSaved).toBe(false)
  expect(done).toEqual([])
  kept.notePieces(1, [FILM])
  await endOfTurn()
  kept.notePieces(8 * MIB, [FILM])
  kept.notePieces(8 * MIB, [FILM])
  syncing.resolve()
  await endOfTurn()
  expect(done).toEqual([`sync ${FILM}`, 'bits 0'])
})

test.for(['sync', 'bits', 'state'] as const)(
  'what fails at %s is logged, and saved by the next call',
  async (kind) => {
    const { kept, done, next, source, events } = journal()
    next[kind] = failWith('EIO')
    kept.notePieces(1, [FILM])
    kept.noteState()
    await kept.save()
    expect([kept.isSaved, source.isDoubted, events.warn.length]).toEqual([false, kind === 'sync', 1])
    delete next[kind]
    done.length = 0
    await kept.save()
    expect([kept.isSaved, done]).toEqual([true, [`sync ${FILM}`, 'bits 0', 'state ']])
  },
)

test('a full disk is no warning: the clean-up reports it', async () => {
  const { kept, next, events } = journal()
  next.bits = failWith('ENOSPC')
  kept.notePieces(1, [FILM])
  await kept.save()
  expect([kept.isSaved, events.warn.length, events.debug.length]).toEqual([false, 0, 1])
})

test('of a folder that is gone, nothing is left to save', async () => {
  const { kept, next, events } = journal()
  next.bits = failWith('ENOENT')
  kept.notePieces(1, [FILM])
  await kept.save()
  expect([kept.isSaved, events.warn.length, events.debug.length]).toEqual([true, 0, 0])
})
