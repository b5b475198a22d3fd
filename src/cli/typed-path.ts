import { resolve } from 'node:path'

/** npm runs commands in the folder of the package; paths are relative to where the user was. */
export function typedPath(path: string): string {
  const { npm_lifecycle_event: script, INIT_CWD: typedIn } = process.env
  return resolve(script === 'cli' && typedIn ? typedIn : '.', path)
}
