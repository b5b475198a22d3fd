import { existsSync, globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const SOURCE = new URL('../../src/', import.meta.url)
const MODULE_ADDRESS = /(startedModule\()?new URL\('([^']+\.ts)', import\.meta\.url\)/g

/**
 * The npm package has JavaScript only: a URL that ends in .ts leads nowhere there, unless `startedModule` renames it.
 */
test('every module that is started by URL exists in the npm package too', () => {
  const addresses = globSync('**/*.ts', { cwd: fileURLToPath(SOURCE) }).flatMap((name) => {
    const file = new URL(name, SOURCE)
    return [...readFileSync(file, 'utf8').matchAll(MODULE_ADDRESS)].map(([, renamed, path = '']) => ({
      from: name,
      path,
      isThere: existsSync(new URL(path, file)),
      isRenamed: renamed !== undefined,
    }))
  })
  expect(addresses.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['./child/main.ts', './reading-thread.ts']),
  )
  expect(addresses.filter(({ isThere, isRenamed }) => !isThere || !isRenamed)).toEqual([])
})
