import type { Stats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { OwnWrites } from '../../../../src/engine/child/own-writes.ts'
import type { OpenOnce } from '../../../../src/files/open-once.ts'

const MIB = 1024 * 1024

/** Lets what follows a write be done. */
const turn = () => new Promise(setImmediate)

/** A file whose time of the last change counts the changes. */
function countedFile() {
  const said: string[] = []
  const file = { changedAt: 1, looks: 0, isFailing: false }
  let handle = newHandle()
  const opened = {
    use: async (work: (handle: FileHandle) => Promise<unknown>) => {
      if (file.isFailing) throw new Error('EIO')
      return work(handle)
    },
  } as OpenOnce
  const writes = new OwnWrites(opened, {
    wrote: (changedAt, isWriting) => said.push(`${isWriting ? 'writing' : 'wrote'} ${changedAt}`),
    changed: () => said.push('changed'),
  })

  function newHandle(): FileHandle {
    return {
      stat: async () => {
        file.looks++
        return statsNow()
      },
    } as FileHandle
  }
  function statsNow(): Stats {
    return { ctimeMs: file.changedAt } as Stats
  }

  return {
    file,
    said,
    writes,
    open: (isSame: boolean) => writes.opened(statsNow(), isSame),
    reopen: () => {
      handle = newHandle()
    },
    /** Writes, when it is let to. */
    write: (bytes = 1, until: Promise<void> = Promise.resolve()) =>
      writes.run(bytes, async () => {
        await until
        file.changedAt++
      }),
  }
}

test('a write is reported when it begins, and when it is done', async () => {
  const { open, write, said } = countedFile()
  open(false)
  await write()
  await turn()
  await write()
  expect(said).toEqual(['writing 1', 'wrote 2', 'writing 2', 'wrote 3'])
})

test('a change between two writes is that of another program, and is reported before the write', async () => {
  const { open, write, file, said } = countedFile()
  open(false)
  await write()
  await turn()
  file.changedAt += 10
  said.length = 0
  await write()
  expect(said).toEqual(['changed', 'writing 12', 'wrote 13'])
  said.length = 0
  await turn()
  await write()
  expect(said).toEqual(['writing 13', 'wrote 14'])
})

test('a change while the file was closed is noticed when it is opened; another file is not compared', async () => {
  const { open, write, file, said } = countedFile()
  open(false)
  await write()
  await turn()
  open(true)
  file.changedAt = 50
  open(true)
  open(true)
  expect(said).toEqual(['writing 1', 'wrote 2', 'changed'])
  file.changedAt = 99
  open(false)
  expect(said).toHaveLength(3)
})

test('writes that come during a write are done together, and the file is looked at once between them', async () => {
  const { open, write, file, said } = countedFile()
  open(false)
  const first = Promise.withResolvers<void>()
  const all = [write(1, first.promise)]
  await turn()
  all.push(write(), write(), write())
  await turn()
  expect(said).toEqual(['writing 1'])
  first.resolve()
  await Promise.all(all)
  expect(said).toEqual(['writing 1', 'writing 2', 'wrote 5'])
  expect(file.looks).toBe(3)
})

test('no more than 4 MiB are done together, unless one write is longer', async () => {
  const { open, write, said } = countedFile()
  open(false)
  const first = Promise.withResolvers<void>()
  const all = [write(1, first.promise)]
  await turn()
  all.push(write(3 * MIB), write(MIB), write(1), write(9 * MIB), write(1))
  first.resolve()
  await Promise.all(all)
  expect(said).toEqual(['writing 1', 'writing 2', 'writing 4', 'writing 5', 'writing 6', 'wrote 7'])
})

test('a write that fails does not fail those beside it', async () => {
  const { open, write, writes, said } = countedFile()
  open(false)
  const first = Promise.withResolvers<void>()
  const all = [
    write(1, first.promise),
    writes.run(1, async () => {
      throw new Error('ENOSPC')
    }),
    write(),
  ]
  first.resolve()
  const results = await Promise.allSettled(all)
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(said.at(-1)).toBe('wrote 3')
})

test('a file that cannot be opened fails all that wait, and the next write tries again', async () => {
  const { open, write, file } = countedFile()
  open(false)
  file.isFailing = true
  const results = await Promise.allSettled([write(), write()])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  file.isFailing = false
  await write()
})

test('a file that is opened again between two batches is looked at', async () => {
  const { open, write, reopen, file, said } = countedFile()
  open(false)
  const first = Promise.withResolvers<void>()
  const all = [write(1, first.promise)]
  await turn()
  all.push(write())
  const { looks } = file
  reopen()
  first.resolve()
  await Promise.all(all)
  expect(file.looks - looks).toBe(3)
  expect(said).toEqual(['writing 1', 'writing 2', 'wrote 3'])
})
