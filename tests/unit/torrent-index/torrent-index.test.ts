import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../../src/domain/usage.ts'
import { contentsOf, indexWorld } from '../../support/index-world.ts'

const ONE = '1'.repeat(40) as InfoHash
const TWO = '2'.repeat(40) as InfoHash
const FLUSH_MS = 5_000
/** For each of the two, in the order in which a torrent without a row is read. */
const READING = ['adopt 1', 'read 1', 'findUsage 1']

let world: ReturnType<typeof indexWorld>

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  world = indexWorld()
})
afterEach(() => void vi.useRealTimers())

const nextFlush = () => vi.advanceTimersByTimeAsync(FLUSH_MS)

/** Two torrents in the folder, as an earlier run left them in the table too. */
async function leaveTwo() {
  world.place(ONE)
  world.place(TWO)
  await using _first = await world.open()
  await _first.flush()
  world.disk.done.length = 0
}

describe('at the start', () => {
  test('a torrent whose folder is as the table says is not read', async () => {
    await leaveTwo()
    await using index = await world.open()
    expect(index.entries()).toHaveLength(2)
    expect(index.find(ONE)).toEqual(contentsOf(ONE))
    expect(world.disk.done.toSorted()).toEqual(['hasRecord 1', 'hasRecord 2'])
  })

  test('a torrent without a row is read, and has one from the next flush on', async () => {
    world.place(ONE)
    await using index = await world.open()
    expect(index.get(ONE)).toMatchObject({ contents: contentsOf(ONE), usage: { origin: 'added' } })
    expect(world.disk.done).toEqual(READING)
    expect(world.table.rows.size).toBe(0)
    await nextFlush()
    expect(world.table.rows.get(ONE)).toEqual({ ...index.get(ONE), notedAt: 100 })
    expect(world.disk.done).not.toContain('saveUsage 1')
  })

  test.for([
    ['was written before the last note in its folder', { notedAt: 99 }],
    ['has another folder', { contents: { ...contentsOf(ONE), directory: '/etc' } }],
    [
      'has a file outside of its folder',
      {
        contents: { ...contentsOf(ONE), files: { 0: { name: 'a', path: '/etc/a', size: 1, bytesThere: 1 } } },
      },
    ],
  ] as const)('a torrent whose row %s is read again', async ([, wrong]) => {
    await leaveTwo()
    const row = world.table.rows.get(ONE)
    if (!row) throw new Error('there is no row')
    world.table.rows.set(ONE, { ...row, ...wrong })
    await using index = await world.open()
    expect(index.find(ONE)).toEqual(contentsOf(ONE))
    expect(world.disk.done).toEqual(expect.arrayContaining(READING))
    await index.flush()
    expect(world.table.rows.get(ONE)).toEqual(row)
  })

  test('rows of torrents that are gone are deleted', async () => {
    await leaveTwo()
    world.disk.folders.delete(TWO)
    await using index = await world.open()
    expect([index.entries().length, [...world.table.rows.keys()]]).toEqual([1, [ONE]])
  })

  test('all folders are read if the table cannot be, and are in it when it works again', async () => {
    await leaveTwo()
    world.table.isFailing = true
    await using index = await world.open()
    expect(index.entries()).toHaveLength(2)
    await nextFlush()
    world.table.rows.clear()
    world.table.isFailing = false
    await nextFlush()
    expect([...world.table.rows.keys()].toSorted()).toEqual([ONE, TWO])
  })

  test('a folder that cannot be read does not hide the others, and is found when it can be', async () => {
    world.place(ONE)
    world.place(TWO)
    world.disk.fail('read', ONE, 'EIO')
    await using index = await world.open()
    expect([index.find(ONE), index.find(TWO) !== undefined]).toEqual([undefined, true])
    expect(world.events.warn).toEqual([
      ['a torrent on disk cannot be read', { folder: contentsOf(ONE).directory, reason: 'EIO' }],
    ])
    await index.check()
    expect(index.find(ONE)).toBeUndefined()
    world.disk.fail('read', ONE, undefined)
    await index.check()
    expect(index.find(ONE)).toBeDefined()
  })

  test('a folder that is ignored is a warning', async () => {
    world.disk.refused.push('location of x is "/etc"')
    await using _index = await world.open()
    expect(world.events.warn).toEqual([
      ['the location of a torrent is ignored', { reason: 'location of x is "/etc"' }],
    ])
  })

  test('a folder of an earlier version gets a record of its files, and its row is written again', async () => {
    await leaveTwo()
    world.place(ONE, { hasRecord: false })
    await using index = await world.open()
    expect(world.disk.folders.get(ONE)).toMatchObject({ hasRecord: true, notedAt: 101 })
    await index.flush()
    expect(world.table.rows.get(ONE)?.notedAt).toBe(101)
    expect(world.table.rows.get(TWO)?.notedAt).toBe(100)
  })

  test('a folder whose files cannot be recorded is in the index', async () => {
    world.place(ONE, { hasRecord: false })
    world.disk.fail('adopt', ONE, 'EROFS')
    await using index = await world.open()
    expect([index.find(ONE) !== undefined, world.events.warn]).toEqual([true, []])
  })

  test('a folder that does not say how it is used was watched', async () => {
    world.disk.folders.clear()
    world.place(ONE)
    Object.assign(world.disk.folders.get(ONE) ?? {}, { usage: undefined })
    await using index = await world.open()
    expect(index.get(ONE)?.usage.origin).toBe('watched')
    // The part that makes the folder says where it comes from.
    index.put(contentsOf(ONE, 'Other'), 'imported')
    expect(index.get(ONE)).toMatchObject({ contents: { name: 'Other' }, usage: { origin: 'imported' } })
  })
})

describe('what changes is written down', () => {
  test('once, five seconds later at most, and in the folder before the table', async () => {
    world.place(ONE)
    await using index = await world.open()
    await nextFlush()
    const { writes } = world.table
    world.disk.done.length = 0
    vi.setSystemTime(2_000_000)
    index.noteRead(ONE)
    index.change(ONE, (usage) => ({ ...usage, isPinned: true }))
    expect(world.disk.folders.get(ONE)?.usage?.isPinned).toBe(false)
    await nextFlush()
    expect(world.disk.folders.get(ONE)?.usage).toMatchObject({ isPinned: true, lastReadAt: 2_000_000 })
    expect(world.table.rows.get(ONE)).toEqual({ ...index.get(ONE), notedAt: 101 })
    expect([world.disk.done, world.table.writes]).toEqual([['saveUsage 1', 'lastNotedAt 1'], writes + 1])
    await nextFlush()
    await nextFlush()
    expect([world.disk.done.length, world.table.writes]).toEqual([2, writes + 1])
  })

  test('plays: one for each client in half an hour, and none for a torrent that is not there', async () => {
    world.place(ONE)
    await using index = await world.open()
    const plays = () => index.get(ONE)?.usage.plays
    index.notePlay(TWO, 0, 'tv')
    index.notePlay(ONE, 0, 'tv')
    index.notePlay(ONE, 0, 'tv')
    expect(plays()).toBe(1)
    index.notePlay(ONE, 0, 'phone')
    expect(plays()).toBe(2)
    vi.setSystemTime(Date.now() + 31 * 60_000)
    index.notePlay(ONE, 0, 'tv')
    expect(plays()).toBeGreaterThan(2.9)
    expect(index.get(TWO)).toBeUndefined()
  })

  test('seeders, only if they are others', async () => {
    world.place(ONE)
    await using index = await world.open()
    index.noteSeeders(ONE, 4)
    await index.flush()
    world.disk.done.length = 0
    index.noteSeeders(ONE, 4)
    await index.flush()
    expect(world.disk.done).toEqual([])
    index.noteSeeders(ONE, 5)
    await index.flush()
    expect(world.disk.folders.get(ONE)?.usage?.seeders).toBe(5)
  })

  test('a new torrent with its origin, and then its contents only', async () => {
    world.place(ONE, { usage: undefined })
    await using index = await world.open()
    index.forget(ONE)
    index.put(contentsOf(ONE), 'ahead')
    await index.flush()
    expect(world.disk.folders.get(ONE)?.usage).toEqual(newUsage('ahead', Date.now()))
    world.disk.done.length = 0
    index.put(contentsOf(ONE, 'More'), 'watched')
    await index.flush()
    expect(world.disk.done).toEqual(['lastNotedAt 1'])
    expect(world.table.rows.get(ONE)).toMatchObject({
      contents: { name: 'More' },
      usage: { origin: 'ahead' },
    })
  })

  test('when the index is closed, also', async () => {
    world.place(ONE)
    {
      await using index = await world.open()
      index.change(ONE, (usage) => ({ ...usage, isPinned: true }))
    }
    expect(world.disk.folders.get(ONE)?.usage?.isPinned).toBe(true)
    expect(world.table.rows.get(ONE)?.usage.isPinned).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a removed torrent: it has no row any more, and nothing is written to its folder', async () => {
    await leaveTwo()
    await using index = await world.open()
    index.noteRead(ONE)
    const { version } = index
    index.forget(ONE)
    index.noteRead(ONE)
    index.noteSeeders(ONE, 3)
    expect([index.find(ONE), index.holds(contentsOf(ONE).directory)]).toEqual([undefined, false])
    expect([index.contents().length, index.version > version]).toEqual([1, true])
    world.disk.done.length = 0
    await nextFlush()
    expect([[...world.table.rows.keys()], world.disk.done]).toEqual([[TWO], []])
  })
})

describe('what cannot be written', () => {
  test('to a folder is written when it can be, and only the first failure is a warning', async () => {
    world.place(ONE)
    await using index = await world.open()
    await nextFlush()
    world.disk.fail('saveUsage', ONE, 'EIO')
    index.noteRead(ONE)
    await nextFlush()
    await nextFlush()
    index.change(ONE, (usage) => ({ ...usage, isPinned: true }))
    await nextFlush()
    expect(world.events.warn).toEqual([['usage of a torrent not saved', { infoHash: ONE, reason: 'EIO' }]])
    expect([world.events.debug.length, world.disk.folders.get(ONE)?.usage?.isPinned]).toEqual([2, false])
    // The table has it meanwhile, and the folder says no other.
    expect(world.table.rows.get(ONE)).toMatchObject({ usage: { isPinned: true }, notedAt: 100 })
    world.disk.fail('saveUsage', ONE, undefined)
    await nextFlush()
    expect(world.disk.folders.get(ONE)?.usage?.isPinned).toBe(true)
    world.disk.fail('saveUsage', ONE, 'EIO')
    index.noteRead(ONE)
    await nextFlush()
    expect(world.events.warn).toHaveLength(2)
  })

  test('because the disk is full is no warning: the clean-up reports it', async () => {
    world.place(ONE)
    await using index = await world.open()
    world.disk.fail('saveUsage', ONE, 'ENOSPC')
    index.noteRead(ONE)
    await nextFlush()
    expect([world.events.warn.length, world.events.debug.length]).toEqual([0, 1])
    world.disk.fail('saveUsage', ONE, undefined)
    await nextFlush()
    expect(world.disk.folders.get(ONE)?.usage?.lastReadAt).toBe(1_000_000)
  })

  test('because the folder is gone is not tried again', async () => {
    world.place(ONE)
    await using index = await world.open()
    index.noteRead(ONE)
    world.disk.folders.delete(ONE)
    await nextFlush()
    world.disk.done.length = 0
    await nextFlush()
    expect([world.disk.done, world.events.warn, world.table.rows.size]).toEqual([[], [], 0])
  })

  test('to one folder is no reason to leave out another', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.fail('saveUsage', ONE, 'EIO')
    for (const each of [ONE, TWO]) index.change(each, (usage) => ({ ...usage, isPinned: true }))
    await nextFlush()
    const pins = [ONE, TWO].map((each) => world.disk.folders.get(each)?.usage?.isPinned)
    expect(pins).toEqual([false, true])
  })

  test('to the table is written when it can be, deletions too', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.table.isFailing = true
    index.forget(ONE)
    index.change(TWO, (usage) => ({ ...usage, isPinned: true }))
    await nextFlush()
    await nextFlush()
    expect(world.table.rows.get(TWO)?.usage.isPinned).toBe(false)
    world.table.isFailing = false
    await nextFlush()
    expect([...world.table.rows.keys()]).toEqual([TWO])
    expect(world.table.rows.get(TWO)?.usage.isPinned).toBe(true)
  })

  test('to the table of a torrent that is back since is not deleted', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.table.isFailing = true
    index.forget(ONE)
    await nextFlush()
    index.put(contentsOf(ONE, 'Again'))
    world.table.isFailing = false
    await nextFlush()
    expect(world.table.rows.get(ONE)?.contents.name).toBe('Again')
  })
})

describe('what other programs do', () => {
  test('a folder that appears is added by a look at it, once', async () => {
    await using index = await world.open()
    world.place(ONE)
    await Promise.all([index.look(ONE), index.look(ONE), index.check()])
    expect(index.find(ONE)).toEqual(contentsOf(ONE))
    expect(world.events.info).toEqual([['torrent found in the download folder', { infoHash: ONE }]])
    expect(world.disk.done.filter((each) => each === 'read 1')).toHaveLength(1)
  })

  test('a folder that is not a torrent is no torrent', async () => {
    await using index = await world.open()
    await index.look("the user's own")
    await index.look(ONE)
    expect(index.entries()).toEqual([])
  })

  test('a folder that vanishes is removed by a look at it, or by a check', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.folders.delete(ONE)
    await index.look(ONE)
    expect(index.contents().map(({ infoHash }) => infoHash)).toEqual([TWO])
    world.disk.folders.delete(TWO)
    await index.check()
    expect([index.contents(), world.events.info.length]).toEqual([[], 2])
    await index.flush()
    expect(world.table.rows.size).toBe(0)
  })

  test('a disk that is not mounted removes nothing, and the check fails', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.isUnmounted = true
    await expect(index.check()).rejects.toMatchObject({ code: 'ENOENT' })
    expect(index.contents()).toHaveLength(2)
    world.disk.isUnmounted = false
    await index.check()
    expect(index.contents()).toHaveLength(2)
  })

  test('a changed file is left out until it is as it was', async () => {
    await leaveTwo()
    await using index = await world.open()
    const folder = world.disk.folders.get(ONE)
    folder?.changed.push('0')
    const told: InfoHash[] = []
    index.onTorrent((infoHash) => told.push(infoHash))
    await index.check()
    await index.check()
    expect([index.find(ONE)?.files, told]).toEqual([{}, [ONE]])
    expect(index.find(TWO)?.files).toHaveProperty('0')
    if (folder) folder.changed = []
    await index.check()
    expect([index.find(ONE), told]).toEqual([contentsOf(ONE), [ONE, ONE]])
    await index.check()
    expect(told).toHaveLength(2)
  })

  test('a folder that cannot be examined stays as it is known, and the others are examined', async () => {
    await leaveTwo()
    await using index = await world.open()
    for (const folder of world.disk.folders.values()) folder.changed.push('0')
    world.disk.fail('changedIn', ONE, 'EIO')
    await index.check()
    expect([index.find(ONE), index.find(TWO)?.files]).toEqual([contentsOf(ONE), {}])
    expect([world.events.warn, world.events.debug.length]).toEqual([[], 1])
  })

  test('a check that is called off examines no more', async () => {
    await leaveTwo()
    await using index = await world.open()
    for (const folder of world.disk.folders.values()) folder.changed.push('0')
    const examining = world.disk.hold('changedIn', ONE)
    const stop = new AbortController()
    const checking = index.check(stop.signal)
    await examining.begun
    stop.abort()
    examining.release()
    await checking
    expect([index.find(ONE)?.files, index.find(TWO)]).toEqual([{}, contentsOf(TWO)])
  })
})

describe('meanwhile', () => {
  test('a torrent that is removed while its folder is read is not brought back', async () => {
    await using index = await world.open()
    world.place(ONE)
    const reading = world.disk.hold('read', ONE)
    const looking = index.look(ONE)
    await reading.begun
    index.put(contentsOf(ONE), 'watched')
    index.forget(ONE)
    world.disk.folders.delete(ONE)
    reading.release()
    await looking
    expect(index.find(ONE)).toBeUndefined()
    // One that is put there later is another matter.
    world.place(ONE)
    await index.look(ONE)
    expect(index.find(ONE)).toBeDefined()
  })

  test('what a torrent reports while its folder is read is newer', async () => {
    await using index = await world.open()
    world.place(ONE)
    const reading = world.disk.hold('read', ONE)
    const looking = index.look(ONE)
    await reading.begun
    index.put(contentsOf(ONE, 'Newer'), 'ahead')
    reading.release()
    await looking
    expect(index.get(ONE)).toMatchObject({ contents: { name: 'Newer' }, usage: { origin: 'ahead' } })
  })

  test('what a torrent reports while it is checked is newer', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.folders.get(ONE)?.changed.push('0')
    const reading = world.disk.hold('read', ONE)
    const checking = index.check()
    await reading.begun
    index.put(contentsOf(ONE, 'Newer'))
    reading.release()
    await checking
    expect(index.find(ONE)).toEqual(contentsOf(ONE, 'Newer'))
  })

  test('a torrent that is put while the check finds it gone stays', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.folders.delete(ONE)
    const examining = world.disk.hold('changedIn', TWO)
    const checking = index.check()
    await examining.begun
    world.place(ONE)
    index.put(contentsOf(ONE, 'Newer'))
    examining.release()
    await checking
    expect(index.find(ONE)?.name).toBe('Newer')
  })

  test('a torrent that is removed while its usage is saved leaves no row', async () => {
    await leaveTwo()
    await using index = await world.open()
    index.noteRead(ONE)
    const saving = world.disk.hold('saveUsage', ONE)
    const flushing = index.flush()
    await saving.begun
    index.forget(ONE)
    world.disk.folders.delete(ONE)
    saving.release()
    await flushing
    await index.flush()
    expect([[...world.table.rows.keys()], world.events.warn]).toEqual([[TWO], []])
  })

  test('a torrent that is removed while its row is made leaves none', async () => {
    await leaveTwo()
    await using index = await world.open()
    index.put(contentsOf(ONE, 'More'))
    const making = world.disk.hold('lastNotedAt', ONE)
    const flushing = index.flush()
    await making.begun
    index.forget(ONE)
    making.release()
    await flushing
    await index.flush()
    expect([...world.table.rows.keys()]).toEqual([TWO])
  })

  test('what changes while it is saved is saved once more', async () => {
    world.place(ONE)
    await using index = await world.open()
    await index.flush()
    index.change(ONE, (usage) => ({ ...usage, plays: 1 }))
    const saving = world.disk.hold('saveUsage', ONE)
    const flushing = index.flush()
    await saving.begun
    index.change(ONE, (usage) => ({ ...usage, plays: 2 }))
    saving.release()
    await flushing
    expect(world.disk.folders.get(ONE)?.usage?.plays).toBe(1)
    await index.flush()
    expect(world.disk.folders.get(ONE)?.usage?.plays).toBe(2)
    expect(world.table.rows.get(ONE)?.usage.plays).toBe(2)
  })

  test('a note that is written after a row was made makes it an old one', async () => {
    world.place(ONE)
    await using index = await world.open()
    index.put(contentsOf(ONE, 'More'))
    await index.flush()
    expect(world.table.rows.get(ONE)?.contents.name).toBe('More')
    Object.assign(world.disk.folders.get(ONE) ?? {}, { notedAt: 200, contents: contentsOf(ONE, 'Newest') })
    await index[Symbol.asyncDispose]()
    await using again = await world.open()
    expect(again.find(ONE)?.name).toBe('Newest')
  })
})

describe('the metadata of a torrent', () => {
  test('is read once, and only of one that is there', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.done.length = 0
    const [one, same] = [await index.readInfo(ONE), await index.readInfo(ONE)]
    expect([one?.name, one === same, world.disk.done]).toEqual(['Film', true, ['readInfo 1']])
    index.forget(ONE)
    expect(await index.readInfo(ONE)).toBeUndefined()
  })

  test('that cannot be read is an error, and can be read later', async () => {
    await leaveTwo()
    await using index = await world.open()
    world.disk.fail('readInfo', ONE, 'EIO')
    await expect(index.readInfo(ONE)).rejects.toMatchObject({ code: 'EIO' })
    world.disk.fail('readInfo', ONE, undefined)
    expect((await index.readInfo(ONE))?.name).toBe('Film')
  })
})
