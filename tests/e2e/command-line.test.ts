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

test.for([['--help'], ['-h']])('the option %s lists the commands', async ([arg = '']) => {
  const { code, stdout, stderr } = await type([arg])
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toMatch(/^ {2}serve {2,}Start the server/m)
})

test('--help after a command shows how it is called', async () => {
  const { code, stdout } = await type(['serve', '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain('npm run cli -- serve\n')
})

test.for([
  [[], 'no command given'],
  [['pray'], 'unknown command "pray"'],
  [['serve', '--fast'], "Unknown option '--fast'"],
  [['serve', 'films'], "Unexpected argument 'films'"],
] as const)('arguments %j are refused with a reason', async ([args, why]) => {
  const { code, stdout, stderr } = await type(args)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(why)
  expect(stderr).toContain('npm run cli -- ')
})

test('the "serve" command reports mistakes in the settings as the server does', async () => {
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

test('the entry point reads settings from .env, and the environment overrides them', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, '.env'), 'TORRENT_TIMEOUT=2 min\nSOURCE_TIMEOUT=soon\n')
  const env = { ...baseEnvironment(), SOURCE_TIMEOUT: 'later' }
  const served = promisify(execFile)(process.execPath, [DOOR, 'serve'], { cwd: folder.path, env })
  await expect(served).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/"2 min".*"later"/s) })
})

test('the entry point writes a compile cache', async () => {
  await using folder = await temporaryFolder()
  const env = { ...baseEnvironment(), NODE_COMPILE_CACHE: join(folder.path, 'compiled') }
  await promisify(execFile)(process.execPath, [DOOR, '--help'], { env })
  const kept = await readdir(env.NODE_COMPILE_CACHE, { recursive: true, withFileTypes: true })
  expect(kept.filter((entry) => entry.isFile()).length).toBeGreaterThan(20)
})

test('the entry point treats an empty cache path as unset, and writes nothing into the working directory', async () => {
  await using folder = await temporaryFolder()
  const env = { ...baseEnvironment(), NODE_COMPILE_CACHE: '' }
  const { stdout } = await promisify(execFile)(process.execPath, [DOOR, '--help'], { cwd: folder.path, env })
  expect(stdout).toContain('serve')
  expect(await readdir(folder.path)).toEqual([])
})

test('the entry point works when its compile cache cannot be written', async () => {
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
// Only where the machine has an old Node besides the one that npm installed.
test.skipIf(OLD_NODE === undefined)(
  'the entry point says in a sentence that a real old Node is too old',
  async () => {
    await expect(promisify(execFile)(OLD_NODE ?? '', [DOOR, 'serve'])).rejects.toMatchObject(tooOld)
  },
)
