import { beforeEach, expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage } from '../../../src/domain/usage.ts'
import type { Contents } from '../../../src/storage/contents.ts'
import { IndexEntries } from '../../../src/torrent-index/index-entries.ts'

const ONE = '1'.repeat(40) as InfoHash
const TWO = '2'.repeat(40) as InfoHash

function contents(infoHash: InfoHash, bytesOnDisk = 1): Contents {
  const directory = `/films/${infoHash}`
  return { infoHash, directory, name: 'Film', length: 10, bytesOnDisk, files: {} }
}

let entries: IndexEntries

beforeEach(() => {
  entries = new IndexEntries()
})

test('a new torrent has to be saved and listed; one from the table has not', () => {
  entries.put(contents(ONE), 'added')
  entries.restore({ contents: contents(TWO), usage: newUsage('watched', 0) })
  expect(entries.get(ONE)?.usage.origin).toBe('added')
  expect(entries.takeUnsaved()).toEqual([ONE])
  expect(entries.takeUnlisted()).toEqual([ONE])
})

test('what was taken to be written is written once, until it changes again', () => {
  entries.put(contents(ONE), 'watched')
  expect([entries.takeUnsaved(), entries.takeUnlisted()]).toEqual([[ONE], [ONE]])
  expect([entries.takeUnsaved(), entries.takeUnlisted()]).toEqual([[], []])
  entries.change(ONE, (usage) => ({ ...usage, isPinned: true }))
  expect([entries.takeUnsaved(), entries.takeUnlisted()]).toEqual([[ONE], [ONE]])
  expect(entries.get(ONE)?.usage.isPinned).toBe(true)
})

test('new contents keep the usage, and have to be listed only', () => {
  entries.put(contents(ONE), 'added')
  entries.takeUnsaved()
  entries.takeUnlisted()
  entries.put(contents(ONE, 5), 'watched')
  expect(entries.get(ONE)).toMatchObject({ contents: { bytesOnDisk: 5 }, usage: { origin: 'added' } })
  expect([entries.takeUnsaved(), entries.takeUnlisted()]).toEqual([[], [ONE]])
})

test('a folder without usage gets its origin from the part that makes it', () => {
  entries.add({ contents: contents(ONE), usage: newUsage('watched', 0) }, false)
  entries.add({ contents: contents(TWO), usage: newUsage('watched', 0) }, true)
  expect(entries.takeUnsaved()).toEqual([])
  entries.put(contents(ONE), 'imported')
  entries.put(contents(TWO), 'imported')
  expect([ONE, TWO].map((each) => entries.get(each)?.usage.origin)).toEqual(['imported', 'watched'])
  expect(entries.takeUnsaved()).toEqual([ONE])
})

test('a usage that was changed is not replaced by that of a new torrent', () => {
  entries.add({ contents: contents(ONE), usage: newUsage('watched', 0) }, false)
  entries.change(ONE, (usage) => ({ ...usage, isPinned: true }))
  entries.put(contents(ONE), 'added')
  expect(entries.get(ONE)?.usage).toMatchObject({ isPinned: true, origin: 'watched' })
})

test('only the first failure to save is news, until it was saved again', () => {
  entries.put(contents(ONE), 'watched')
  entries.takeUnsaved()
  expect(entries.noteUnsaved(ONE)).toBe(true)
  expect(entries.takeUnsaved()).toEqual([ONE])
  expect(entries.noteUnsaved(ONE)).toBe(false)
  entries.put(contents(ONE, 2), 'watched')
  expect(entries.noteUnsaved(ONE)).toBe(false)
  entries.noteSaved(ONE)
  expect(entries.noteUnsaved(ONE)).toBe(true)
  expect(entries.noteUnsaved(TWO)).toBe(false)
})

test('the row of a removed torrent has to be deleted, and nothing of it is saved', () => {
  entries.put(contents(ONE), 'watched')
  entries.remove(ONE)
  expect([entries.get(ONE), entries.all()]).toEqual([undefined, []])
  expect([entries.takeUnsaved(), entries.takeUnlisted()]).toEqual([[], [ONE]])
  entries.noteUnlisted([ONE])
  entries.put(contents(ONE), 'watched')
  expect(entries.takeUnlisted()).toEqual([ONE])
  expect(entries.takeUnlisted()).toEqual([])
})

test('the version changes with contents, and listeners hear of them', () => {
  const heard: InfoHash[] = []
  entries.onChange((infoHash) => heard.push(infoHash))
  const versions = new Set([entries.version])
  entries.put(contents(ONE), 'watched')
  versions.add(entries.version)
  entries.put(contents(ONE, 3), 'watched')
  versions.add(entries.version)
  entries.remove(ONE)
  versions.add(entries.version)
  expect(versions.size).toBe(4)
  expect(heard).toEqual([ONE, ONE])
  entries.restore({ contents: contents(TWO), usage: newUsage('watched', 0) })
  entries.change(TWO, (usage) => usage)
  expect(heard).toEqual([ONE, ONE])
})

test('contents are reduced until there are others, and current while nothing newer is known', () => {
  const left = contents(ONE)
  entries.put(left, 'watched', true)
  expect([entries.isReduced(left), entries.isCurrent(left)]).toEqual([true, true])
  entries.put(contents(ONE, 2), 'watched')
  expect([entries.isReduced(left), entries.isCurrent(left)]).toEqual([false, false])
})
