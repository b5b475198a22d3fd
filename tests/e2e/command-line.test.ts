import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type } from '../support/command-line.ts'

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url))

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

test.for(['main.ts', 'cli.ts'])('%s tells an older Node what is wrong with it', async (file) => {
  const pretend = 'Object.defineProperty(process, "versions", { value: { node: "22.18.0" } })'
  const older = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, SOURCE + file]
  await expect(promisify(execFile)(process.execPath, older)).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('self-streme needs Node 24'),
  })
})
