import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A process that prints one line of JSON when it is ready, and runs until it is disposed of. */
export interface HelperProcess<T> extends AsyncDisposable {
  /** what it printed */
  readonly answer: T
}

export async function startHelperProcess<T>(
  command: string,
  args: readonly string[],
): Promise<HelperProcess<T>> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const ready = once(createInterface(child.stdout), 'line') as Promise<[string]>
  const failed = ended.then(([code]) => {
    throw new Error(`${command} ${args[0]} ended with ${code} before it was ready`)
  })
  // There is no waiter once it is ready.
  failed.catch(() => undefined)
  const [line] = await Promise.race([ready, failed])
  return {
    answer: JSON.parse(line) as T,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
