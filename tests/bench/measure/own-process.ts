import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { familyOf } from '../../support/processes.ts'

const KEPT_LINES = 30

/** A process that writes lines, and ends with everything it started. */
export interface OwnProcess extends AsyncDisposable {
  readonly pid: number
  /** Resolves with the first line that matches, also one written before; each line is returned once. */
  nextLine(pattern: RegExp): Promise<string>
  write(line: string): void
  /** Rejects when it ends. */
  readonly failure: Promise<never>
}

const living = new Set<ChildProcess>()
process.on('exit', endAllProcesses)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    console.error(`*** ended by ${signal} ***`)
    process.exit(1)
  })
}

export function startProcess(
  command: string,
  args: readonly (string | number | URL)[],
  env: Readonly<Record<string, string>> = {},
): OwnProcess {
  const child = spawn(
    command,
    args.map((arg) => (arg instanceof URL ? fileURLToPath(arg) : String(arg))),
    { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'pipe'] },
  )
  living.add(child)
  const exit = once(child, 'exit').finally(() => living.delete(child))
  const lines: string[] = []
  const complaints: string[] = []
  const waiting = new Set<() => void>()
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
    for (const look of [...waiting]) look()
  })
  createInterface(child.stderr).on('line', (line) => {
    complaints.push(line)
    if (complaints.length > KEPT_LINES) complaints.shift()
  })

  const failure = exit.then(() => {
    throw new Error(`${command} ended: ${[...lines, ...complaints].join('\n')}`)
  })
  // There may be no waiter.
  failure.catch(() => undefined)

  return {
    pid: child.pid ?? 0,
    failure,
    nextLine(pattern) {
      const { promise, resolve } = Promise.withResolvers<string>()
      const look = () => {
        const index = lines.findIndex((line) => pattern.test(line))
        if (index < 0) return
        waiting.delete(look)
        resolve(lines.splice(index, 1)[0] ?? '')
      }
      waiting.add(look)
      look()
      return Promise.race([promise, failure])
    },
    write: (line) => child.stdin.write(`${line}\n`),
    async [Symbol.asyncDispose]() {
      killFamily(child)
      await exit
    },
  }
}

/** Ends all started processes that still run; their waiters fail. */
export function endAllProcesses(): void {
  for (const child of living) killFamily(child)
}

function killFamily(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  for (const pid of familyOf(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself in the meantime.
    }
  }
}
