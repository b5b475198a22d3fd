import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { videoHash } from '../../../src/storage/video-hash.ts'
import { patternBytes } from '../../support/pattern-bytes.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const KIB = 1024

/** The same sum computed by other programs: `od` makes the numbers, Python adds them. */
function hashOf(path: string, size: number): string {
  const script = `(head -c 65536 "$0"; tail -c 65536 "$0") | od -An -v -w8 -tu8 |
    python3 -c 'import sys; print("%016x" % ((sum(map(int, sys.stdin)) + ${size}) % 2**64))'`
  return execFileSync('sh', ['-c', script, path], { encoding: 'utf8' }).trim()
}

test.for([64 * KIB, 64 * KIB + 1, 100 * KIB, 128 * KIB, 1_000_003])(
  'the hash of a video of %d bytes is the one that other programs compute',
  async (size) => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'Film.mkv')
    await writeFile(path, patternBytes(size, 'hashed'))
    expect(await videoHash(path, size)).toBe(hashOf(path, size))
  },
)

test('the hash of a file of zeros is its size', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, Buffer.alloc(128 * KIB))
  expect(await videoHash(path, 128 * KIB)).toBe('0000000000020000')
})

test('a file shorter than 64 KiB has no hash', async () => {
  expect(await videoHash('/nowhere', 64 * KIB - 1)).toBeUndefined()
})
