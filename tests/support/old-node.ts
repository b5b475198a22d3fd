import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { SKIPPED } from './installed.ts'

/** The folders of the PATH without those that npm adds for its scripts. */
export const systemFolders: readonly string[] = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))

/** A Node on the PATH that is older than 24, as opposed to the one that npm installed. Not required where `CI` is set. */
export async function findOldNode(): Promise<string | undefined> {
  for (const folder of systemFolders) {
    const node = join(folder, 'node')
    const version = await promisify(execFile)(node, ['--version']).catch(() => undefined)
    if (version && Number.parseInt(version.stdout.slice(1), 10) < 24) return node
  }
  console.warn(`${SKIPPED}tests with an old Node: none is on the PATH (apt-get install nodejs)`)
  return undefined
}
