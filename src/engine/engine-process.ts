import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { messageOf } from '../domain/errors.ts'
import { startedModule } from '../domain/packaged.ts'
import { pauseAfter } from '../lib/back-off.ts'
import type { Log } from '../observe/log.ts'
import { environmentOf, permissionsOf } from './confinement.ts'
import type { Engine, EngineOptions, OpenTorrent, PieceWindow } from './engine.ts'
import type { Command, Report } from './protocol.ts'
import { whenSilent } from './silence.ts'

const CHILD = startedModule(new URL('./child/main.ts', import.meta.url))
const STOP_MS = 1_000
/**
 * When the engine counts as hung, in ms. It says once a second that it is alive, and closing a torrent takes a moment.
 */
const PATIENCE = { silenceMs: 15_000, closeMs: 5_000 }
const RESTART_DELAY_MS = { first: 100, longest: 30_000 }
/** A run this long was a good one: the next crash is not part of a series. */
const GOOD_RUN_MS = 60_000
/** After so many crashes in a row whoever waits is told, instead of waiting for the next one. */
const CRASHES_UNTIL_DOWN = 5

interface OpenedTorrent {
  readonly id: number
  readonly request: OpenTorrent
  metainfo: Uint8Array | undefined
  windows: readonly PieceWindow[]
  /** what was fetched waits for room on the disk */
  isWaiting: boolean
}

/**
 * The engine in a process of its own, where peers can crash it without touching a viewer. When it ends it is started
 * again, and told again what it had: the torrents, which pieces of them are there, and which are wanted.
 */
export function startEngineProcess(options: EngineOptions, log: Log, patience = PATIENCE): Engine {
  const torrents = new Map<InfoHash, OpenedTorrent>()
  const closing = new Map<number, () => void>()
  const stopping = new AbortController()
  let child: ChildProcess | undefined
  let nextId = 1
  let crashes = 0
  let crashesInARow = 0
  const running = keepRunning()

  async function keepRunning(): Promise<void> {
    while (!stopping.signal.aborted) {
      const startedAt = Date.now()
      const how = await runOnce().catch(messageOf)
      if (stopping.signal.aborted) return
      crashes++
      crashesInARow = Date.now() - startedAt > GOOD_RUN_MS ? 1 : crashesInARow + 1
      const delayMs = pauseAfter(crashesInARow, RESTART_DELAY_MS)
      log.error('engine process ended, it is started again', { how, crashes, crashesInARow, delayMs })
      if (isDown()) failAll(`the engine ended ${crashesInARow} times in a row`)
      await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }

  function isDown(): boolean {
    return crashesInARow >= CRASHES_UNTIL_DOWN && !child
  }

  /** @returns how it ended; rejects if it could not be started */
  async function runOnce(): Promise<string> {
    const permissions = await permissionsOf(options, process.env)
    if (stopping.signal.aborted) return 'it is no longer needed'
    const started = fork(CHILD, {
      serialization: 'advanced',
      execArgv: ['--max-semi-space-size=2', ...permissions],
      env: environmentOf(options, process.env),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child = started
    using watchdog = whenSilent(patience.silenceMs, () => kill('it said nothing for too long'))
    started.on('message', (report: Report) => {
      watchdog.heard()
      hear(report)
    })
    const ended = once(started, 'exit')
    tell({ kind: 'start', options })
    for (const torrent of torrents.values()) reopen(torrent)
    try {
      const [code, signal] = await ended
      return signal ?? `exit code ${code}`
    } finally {
      child = undefined
      for (const done of closing.values()) done()
      closing.clear()
      for (const torrent of torrents.values()) if (torrent.isWaiting) onDiskReady(torrent)
    }
  }

  function reopen({ id, request, metainfo, windows }: OpenedTorrent): void {
    const { infoHash, trackers, ofTorrent, directory } = request
    const claimed = request.claimed()
    tell({ kind: 'open', id, infoHash, trackers, ofTorrent, directory, metainfo, claimed })
    tell({ kind: 'want', id, windows })
  }

  function tell(command: Command): void {
    // A command that comes too late for this run is told again to the next one, from `torrents`.
    if (child?.connected) child.send(command, () => undefined)
  }

  /** What hangs cannot be asked to stop. */
  function kill(why: string): void {
    log.error('engine process is killed', { why })
    child?.kill('SIGKILL')
  }

  function hear(report: Report): void {
    if (report.kind === 'alive') return
    if (report.kind === 'log') return log[report.level](report.message, report.fields)
    if (report.kind === 'closed') {
      closing.get(report.id)?.()
      closing.delete(report.id)
      return
    }
    const torrent = [...torrents.values()].find(({ id }) => id === report.id)
    if (!torrent) return
    const { on, infoHash } = torrent.request
    switch (report.kind) {
      case 'metainfo':
        torrent.metainfo = report.bytes
        return on.metainfo(report.bytes)
      case 'opened':
        return on.opened(report.file, report.fileId)
      case 'verified':
        return on.verified(report.pieces)
      case 'missing':
        return on.missing(report.pieces)
      case 'replacing':
        on.replacing(report.file, report.copy)
        return tell({ kind: 'replace', id: report.id, file: report.file })
      case 'diskFull':
        torrent.isWaiting = true
        return on.diskFull(report.refusal)
      case 'diskReady':
        return onDiskReady(torrent)
      case 'stats':
        return on.stats(report.stats)
      case 'failed':
        torrents.delete(infoHash)
        return on.failed(report.failure)
    }
  }

  function onDiskReady(torrent: OpenedTorrent): void {
    torrent.isWaiting = false
    torrent.request.on.diskReady()
  }

  function failAll(reason: string): void {
    const failed = [...torrents.values()]
    torrents.clear()
    for (const { request } of failed) request.on.failed({ code: 'engine.down', reason })
  }

  return {
    open(request) {
      if (torrents.has(request.infoHash)) throw new Error(`${request.infoHash} is open already`)
      const torrent = { id: nextId++, request, metainfo: request.metainfo, windows: [], isWaiting: false }
      torrents.set(request.infoHash, torrent)
      if (isDown()) {
        torrents.delete(request.infoHash)
        queueMicrotask(() => request.on.failed({ code: 'engine.down', reason: 'the engine does not start' }))
        return
      }
      reopen(torrent)
    },
    want(infoHash, windows) {
      const torrent = torrents.get(infoHash)
      if (!torrent) return
      torrent.windows = windows
      tell({ kind: 'want', id: torrent.id, windows })
    },
    unverify(infoHash, piece) {
      const torrent = torrents.get(infoHash)
      if (torrent) tell({ kind: 'unverify', id: torrent.id, piece })
    },
    retryWrites(infoHash) {
      const torrent = torrents.get(infoHash)
      if (torrent) tell({ kind: 'retryWrites', id: torrent.id })
    },
    async close(infoHash) {
      const torrent = torrents.get(infoHash)
      torrents.delete(infoHash)
      if (!torrent || !child?.connected) return
      const { promise, resolve } = Promise.withResolvers<void>()
      closing.set(torrent.id, resolve)
      tell({ kind: 'close', id: torrent.id })
      using _killer = whenSilent(patience.closeMs, () => kill('it did not close a torrent in time'))
      await promise
    },
    async [Symbol.asyncDispose]() {
      stopping.abort()
      tell({ kind: 'stop' })
      using _killer = whenSilent(STOP_MS, () => child?.kill('SIGKILL'))
      await running
    },
  }
}
