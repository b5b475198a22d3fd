import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { baseEnvironment } from './base-environment.ts'
import { OWNER_PASSWORD } from './owner.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The server as a separate process, as `npm start` runs it. */
export interface ServerProcess extends AsyncDisposable {
  readonly child: ChildProcess
  /** all output so far */
  output(): string
  /** Resolves with its address as soon as it listens. */
  url(): Promise<string>
  /** Resolves with the exit code, or the signal that ended it. */
  ended(): Promise<number | string>
}

/**
 * @param settings - the environment, in addition to `PATH`
 * @param handles - limit of open files and sockets; default: the limit of this process
 * @param main - path of another entry point, started in the same way
 */
export function startServerProcess(
  settings: Readonly<Record<string, string | undefined>>,
  handles?: number,
  main = MAIN,
): ServerProcess {
  const command = [process.execPath, main] as const
  const [file, ...args] =
    handles === undefined
      ? command
      : (['sh', '-c', `ulimit -n ${handles}; exec "$@"`, 'sh', ...command] as const)
  const child = spawn(file, args, {
    env: {
      ...baseEnvironment(),
      PORT: '0',
      HOST: '127.0.0.1',
      TORRENT_PORT: '0',
      TORRENT_TRACKERS: '',
      TORRENT_DHT: 'false',
      METADATA_URL: '',
      ADMIN_PASSWORD: OWNER_PASSWORD,
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text))
  const exit = once(child, 'close') as Promise<[number | null, string | null]>

  return {
    child,
    output: () => output,
    async url() {
      await expect.poll(() => /listens on (\S+)/.exec(output)?.[1], { message: output }).toBeDefined()
      return /listens on (\S+)/.exec(output)?.[1] ?? ''
    },
    async ended() {
      const [code, signal] = await exit
      return code ?? signal ?? 'unknown'
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exit
    },
  }
}
