import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { baseEnvironment } from './base-environment.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))

export interface CommandResult {
  /** exit code, or the signal that ended it */
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command, as `npm run cli --` does.
 *
 * @param settings - the environment, in addition to `PATH`
 * @param killAfterMs - kills the command after that time
 */
export async function type(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  killAfterMs?: number,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...baseEnvironment(), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(killAfterMs === undefined ? {} : { timeout: killAfterMs, killSignal: 'SIGKILL' }),
  })
  const exit = once(child, 'close') as Promise<[number | null, string | null]>
  const [stdout, stderr, [code, signal]] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  return { code: code ?? signal ?? 'unknown', stdout, stderr }
}
