import { vi } from 'vitest'

/**
 * Keeps what is written to stdout, until `vi.restoreAllMocks`.
 *
 * @returns gives what was written so far
 */
export function keepOutput(): () => string {
  let text = ''
  const keep = (chunk: unknown) => {
    text += String(chunk)
    return true
  }
  vi.spyOn(process.stdout, 'write').mockImplementation(keep)
  // Where a console has a stream of its own, winston writes to that.
  const stream = (console as unknown as { _stdout?: NodeJS.WriteStream })._stdout
  if (stream && stream !== process.stdout) vi.spyOn(stream, 'write').mockImplementation(keep)
  return () => text
}
