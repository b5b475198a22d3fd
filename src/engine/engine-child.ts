import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DhtNode } from '../domain/bittorrent/dht-nodes.ts'
import { messageOf } from '../domain/errors.ts'
import { startedModule } from '../domain/packaged.ts'
import { pauseAfter } from '../lib/back-off.ts'
import type { Log } from '../observe/log.ts'
import { environmentOf, permissionsOf } from './confinement.ts'
import type { EngineOptions } from './engine.ts'
import type { Command, Report } from './protocol.ts'
import { whenSilent } from './silence.ts'

const CHILD = startedModule(new URL('./child/main.ts', import.meta.url))
const STOP_MS = 1_000
const RESTART_DELAY_MS = { first: 100, max: 30_000 }
/** After a run this long, the next crash is not part of a series. */
const GOOD_RUN_MS = 60_000
/** After so many crashes in a row the engine counts as down: its users are told instead of waiting for the next run. */
const CRASHES_UNTIL_DOWN = 5

export interface EngineChildListener {
  /** The nodes that the DHT begins with. */
  dhtNodes(): Promise<readonly DhtNode[]>
  /** It was started, and knows nothing of earlier runs. */
  started(): void
  report(report: Report): void
  /** The run is over; another one may follow. */
  ended(): void
  /** It crashed too often in a row. */
  down(reason: string): void
}

/** The engine's process: started again whenever it ends, with growing delays, and killed when it hangs. */
export class EngineChild implements AsyncDisposable {
  readonly #options: EngineOptions
  readonly #silenceMs: number
  readonly #on: EngineChildListener
  readonly #log: Log
  readonly #stopping = new AbortController()
  readonly #spawned = Promise.withResolvers<void>()
  #child: ChildProcess | undefined
  #crashes = 0
  #crashesInARow = 0
  readonly #running: Promise<void>

  /** @param silenceMs - silence after which it counts as hung; it reports once a second that it is alive */
  constructor(options: EngineOptions, silenceMs: number, on: EngineChildListener, log: Log) {
    this.#options = options
    this.#silenceMs = silenceMs
    this.#on = on
    this.#log = log
    this.#running = this.#keepRunning()
  }

  /** Resolves when the first process was spawned, or could not be. */
  get whenSpawned(): Promise<void> {
    return this.#spawned.promise
  }

  /** It does not run, and was tried often. */
  get isDown(): boolean {
    return this.#crashesInARow >= CRASHES_UNTIL_DOWN && !this.#child
  }

  get isConnected(): boolean {
    return this.#child?.connected === true
  }

  /** Sends a command to this run; without one it is lost. */
  tell(command: Command): void {
    if (this.#child?.connected) this.#child.send(command, () => undefined)
  }

  /** A process that hangs cannot be asked to stop. */
  kill(why: string): void {
    this.#log.error('engine process is killed', { why })
    this.#child?.kill('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.tell({ kind: 'stop' })
    using _killer = whenSilent(STOP_MS, () => this.#child?.kill('SIGKILL'))
    await this.#running
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const startedAt = Date.now()
      const how = await this.#runOnce().catch(messageOf)
      this.#spawned.resolve()
      if (signal.aborted) return
      this.#crashes++
      this.#crashesInARow = Date.now() - startedAt > GOOD_RUN_MS ? 1 : this.#crashesInARow + 1
      const delayMs = pauseAfter(this.#crashesInARow, RESTART_DELAY_MS)
      const fields = { how, crashes: this.#crashes, crashesInARow: this.#crashesInARow, delayMs }
      this.#log.error('engine process ended, it is started again', fields)
      if (this.isDown) this.#on.down(`the engine ended ${this.#crashesInARow} times in a row`)
      await sleep(delayMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /** @returns how it ended; rejects if it could not be started */
  async #runOnce(): Promise<string> {
    const [permissions, dhtNodes] = await Promise.all([
      permissionsOf(this.#options, process.env),
      this.#on.dhtNodes(),
    ])
    if (this.#stopping.signal.aborted) return 'it is no longer needed'
    const started = fork(CHILD, {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=2', ...permissions],
      env: environmentOf(this.#options, process.env),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child = started
    this.#spawned.resolve()
    using watchdog = whenSilent(this.#silenceMs, () => this.kill('it said nothing for too long'))
    started.on('message', (report: Report) => {
      watchdog.heard()
      this.#on.report(report)
    })
    const ended = once(started, 'exit')
    this.tell({ kind: 'start', options: this.#options, dhtNodes })
    this.#on.started()
    try {
      const [code, signal] = await ended
      // Its last reports may still be in the channel.
      if (started.connected) await once(started, 'disconnect')
      return signal ?? `exit code ${code}`
    } finally {
      this.#child = undefined
      this.#on.ended()
    }
  }
}
