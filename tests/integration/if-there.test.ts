import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exists, lstatIfThere, statIfThere } from '../../src/files/if-there.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const LOOKS = [statIfThere, lstatIfThere] as const

test('a path that does not exist is absent, and so is a path below a file', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), 'x')
  for (const look of LOOKS) {
    expect(await look(join(folder.path, 'none'))).toBeUndefined()
    expect(await look(join(folder.path, 'none', 'below'))).toBeUndefined()
    expect(await look(join(folder.path, 'file', 'below'))).toBeUndefined()
    expect((await look(join(folder.path, 'file')))?.size).toBe(1)
  }
  expect(await exists(join(folder.path, 'file'))).toBe(true)
  expect(await exists(join(folder.path, 'none'))).toBe(false)
})

test('a dangling link exists, and its target is absent', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'link')
  await symlink(join(folder.path, 'none'), path)
  expect(await statIfThere(path)).toBeUndefined()
  expect((await lstatIfThere(path))?.isSymbolicLink()).toBe(true)
  expect(await exists(path)).toBe(true)
})

test('a path that cannot be examined is not absent: the error says why', async () => {
  await using folder = await temporaryFolder()
  const loop = join(folder.path, 'loop')
  await symlink(loop, loop)
  await mkdir(join(folder.path, 'folder'))
  await expect(statIfThere(loop)).rejects.toMatchObject({ code: 'ELOOP' })
  await expect(exists(join(loop, 'below'))).rejects.toMatchObject({ code: 'ELOOP' })
  await expect(lstatIfThere(join(folder.path, 'folder', 'x'.repeat(5_000)))).rejects.toMatchObject({
    code: 'ENAMETOOLONG',
  })
})
