import { execFile } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** The folders of the PATH without those that npm puts in front for its scripts. */
export const systemFolders: readonly string[] = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))

/** A Node on the PATH that is older than 24, besides the one that npm installed. */
export async function findOldNode(): Promise<string | undefined> {
  for (const folder of systemFolders) {
    const node = join(folder, 'node')
    const version = await promisify(execFile)(node, ['--version']).catch(() => undefined)
    if (version && Number.parseInt(version.stdout.slice(1), 10) < 24) return node
  }
  return undefined
}
