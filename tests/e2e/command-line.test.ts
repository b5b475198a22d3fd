import { execFile } from 'node:child_process'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { type } from '../support/command-line.ts'
import { findOldNode } from '../support/old-node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test.for([['--help'], ['-h']])('%s lists the commands', async ([arg = '']) => {
  const { code, stdout, stderr } = await type([arg])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^ {2}serve {2,}Start the server/m)
})

test('--help behind a command says how it is called', async () => {
  const { code, stdout } = await type(['serve', '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain('npm run cli -- serve\n')
})

test.for([
  [[], 'what to do?'],
  [['pray'], 'there is no command "pray"'],
  [['serve', '--fast'], "Unknown option '--fast'"],
  [['serve', 'films'], "Unexpected argument 'films'"],
] as const)('%j is not understood', async ([args, why]) => {
  const { code, stdout, stderr } = await type(args)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(why)
  expect(stderr).toContain('npm run cli -- ')
})

test('a mistake in the settings is told as the server does', async () => {
  const { code, stderr } = await type(['serve'], { TORRENT_TIMEOUT: '2 min' })
  expect([code, stderr]).toEqual([
    1,
    'TORRENT_TIMEOUT: "2 min" is not a number of milliseconds (try 120000)\n',
  ])
})

const DOOR = fileURLToPath(new URL('../../bin/self-streme.js', import.meta.url))

test('the entry point runs the command line', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [DOOR, '--help'])
  expect(stdout).toMatch(/^ {2}serve {2,}Start the server/m)
})

test('the entry point reads settings from .env, and the environment counts more', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, '.env'), 'TORRENT_TIMEOUT=2 min\nSOURCE_TIMEOUT=soon\n')
  const env = { ...baseEnvironment(), SOURCE_TIMEOUT: 'later' }
  const served = promisify(execFile)(process.execPath, [DOOR, 'serve'], { cwd: folder.path, env })
  await expect(served).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/"2 min".*"later"/s) })
})

test('the entry point keeps what it compiles', async () => {
  await using folder = await temporaryFolder()
  const env = { ...baseEnvironment(), NODE_COMPILE_CACHE: join(folder.path, 'compiled') }
  await promisify(execFile)(process.execPath, [DOOR, '--help'], { env })
  const kept = await readdir(env.NODE_COMPILE_CACHE, { recursive: true, withFileTypes: true })
  expect(kept.filter((entry) => entry.isFile()).length).toBeGreaterThan(20)
})

test('an empty path of the cache is none, and nothing is written where the command is typed', async () => {
  await using folder = await temporaryFolder()
  const env = { ...baseEnvironment(), NODE_COMPILE_CACHE: '' }
  const { stdout } = await promisify(execFile)(process.execPath, [DOOR, '--help'], { cwd: folder.path, env })
  expect(stdout).toContain('serve')
  expect(await readdir(folder.path)).toEqual([])
})

test('a cache that cannot be written does not keep the entry point from its work', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), '')
  const env = { ...baseEnvironment(), NODE_COMPILE_CACHE: join(folder.path, 'file', 'compiled') }
  const { stdout } = await promisify(execFile)(process.execPath, [DOOR, '--help'], { env })
  expect(stdout).toContain('serve')
})

const tooOld = {
  code: 1,
  stdout: '',
  stderr: expect.stringMatching(/^self-streme needs Node 24 or newer, and this is v\d[^\n]*\n$/),
}

test('the entry point says in a sentence that Node 22 is too old', async () => {
  const pretend = 'Object.defineProperty(process, "versions", { value: { node: "22.18.0" } })'
  const older = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, DOOR, 'serve']
  await expect(promisify(execFile)(process.execPath, older)).rejects.toMatchObject(tooOld)
})

const OLD_NODE = await findOldNode()
// Only where the machine has one besides the Node that npm installed.
test.skipIf(OLD_NODE === undefined)('a real Node that is too old says so in a sentence', async () => {
  await expect(promisify(execFile)(OLD_NODE ?? '', [DOOR, 'serve'])).rejects.toMatchObject(tooOld)
})
