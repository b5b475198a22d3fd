import { chmod, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cloneFile, copyBytes } from '../../src/files/clone-file.ts'
import { flipByte } from '../support/flip-byte.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const bytes = patternBytes(9 * MIB + 5)
const never = new AbortController().signal
const ignore = () => undefined

/** The first shares blocks where the file system of the temporary folder can do that. */
describe.for([
  ['cloned', cloneFile],
  ['copied byte by byte', copyBytes],
] as const)('a file that is %s', ([, clone]) => {
  test('is the same, can be written to, and leaves the original unchanged', async () => {
    await using folder = await temporaryFolder()
    const [from, to] = await originalIn(folder.path)
    await chmod(from, 0o444)
    await clone(from, to, ignore, never)
    expectSameBytes(await readFile(to), bytes)
    expect((await stat(to)).mode & 0o600).toBe(0o600)
    await flipByte(to, 0)
    expectSameBytes(await readFile(from), bytes)
  })

  test('never replaces an existing file', async () => {
    await using folder = await temporaryFolder()
    const [from, to] = await originalIn(folder.path)
    await writeFile(to, 'mine')
    await expect(clone(from, to, ignore, never)).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readFile(to, 'utf8')).toBe('mine')
  })

  test('takes no more space than a sparse original', async () => {
    await using folder = await temporaryFolder()
    const [from, to] = [join(folder.path, 'from'), join(folder.path, 'to')]
    {
      await using file = await open(from, 'w')
      await file.write(bytes, 0, MIB, 40 * MIB)
    }
    await truncate(from, 100 * MIB)
    await clone(from, to, ignore, never)
    const { size, blocks } = await stat(to)
    expect(size).toBe(100 * MIB)
    expect(blocks * 512).toBeLessThanOrEqual(5 * MIB)
    expectSameBytes((await readFile(to)).subarray(40 * MIB, 41 * MIB), bytes.subarray(0, MIB))
  })
})

test('copying reports progress, and leaves nothing behind when it is aborted', async () => {
  await using folder = await temporaryFolder()
  const [from, to] = await originalIn(folder.path)
  const steps: number[] = []
  await copyBytes(from, to, (step) => steps.push(step), never)
  expect(steps.length).toBeGreaterThan(1)
  expect(steps.reduce((sum, step) => sum + step, 0)).toBe(bytes.length)

  const off = new AbortController()
  const copying = copyBytes(from, `${to}2`, () => off.abort(new Error('called off')), off.signal)
  await expect(copying).rejects.toThrow('called off')
  expect((await readdir(folder.path)).sort()).toEqual(['from', 'to'])
})

async function originalIn(folder: string): Promise<[from: string, to: string]> {
  const from = join(folder, 'from')
  await writeFile(from, bytes)
  return [from, join(folder, 'to')]
}
