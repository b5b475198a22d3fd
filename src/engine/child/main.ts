/**
 * The engine process: the engine's port, spoken over the IPC channel that main opened. It ends when main says so or
 * is gone, and not before: a terminal sends its signals to the whole group, and main still has files to close.
 */
import { messageOf } from '../../domain/errors.ts'
import { boundRepeats } from '../../observe/repeats.ts'
import { terminal } from '../../observe/terminal.ts'
import type { Command, Report } from '../protocol.ts'
import { freeTcpPort, freeUdpPort } from './free-port.ts'
import type { Swarm } from './webtorrent-adapter.ts'

const ALIVE_INTERVAL_MS = 1_000
/** Fewer than the log takes, so that it has room for what is said of the others. */
const MOST_A_MINUTE = { error: 4, warn: 4, info: 4, debug: 30 }

/** Peers cause events at will, and each of them that main hears of takes its time as well. */
const log = boundRepeats((level, message, fields) => send({ kind: 'log', level, message, fields }), {
  most: MOST_A_MINUTE,
})

process.on('SIGTERM', () => undefined)
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
// Main may have gone while this process was still being loaded.
if (!process.connected) process.exit(0)
process.on('uncaughtException', (error) => {
  terminal.error(`engine: ${error.stack ?? messageOf(error)}\n`)
  process.exit(1)
})

setInterval(() => say({ kind: 'alive' }), ALIVE_INTERVAL_MS)

let starting: Promise<Swarm> | undefined
process.on('message', (command: Command) => {
  if (command.kind === 'start') starting = start(command)
  // One after the other, in the order in which main said them.
  else starting = starting?.then((swarm) => obey(swarm, command))
})

async function start({ options }: Extract<Command, { kind: 'start' }>): Promise<Swarm> {
  // Loading webtorrent takes a while, in which signals must not end this process; and it keeps what it finds.
  const { OwnTrackers } = await import('./own-trackers.ts')
  const own = new OwnTrackers(options.trustedTrackers)
  const { installLookupGuard } = await import('./lookup-guard.ts')
  const lookup = installLookupGuard(own, options.nameServers)
  const { installFetchGuard } = await import('./fetch-guard.ts')
  installFetchGuard(own, lookup)
  const { installConnectionGuard } = await import('./connection-guard.ts')
  installConnectionGuard()
  const { installPromptSockets } = await import('./no-delay.ts')
  installPromptSockets()
  const { installDatagramGuard } = await import('./datagram-guard.ts')
  installDatagramGuard((from, reason) => log('debug', 'datagram ignored', { from, reason }))
  const { installWireGuard } = await import('./wire-guard.ts')
  installWireGuard((peer, reason) => log('info', 'peer dropped', { peer, reason }))
  const { startSwarm } = await import('./webtorrent-adapter.ts')

  const tcp = await freeTcpPort(options.port)
  // uTP speaks UDP on the TCP port's number, so the DHT then takes the next one.
  const dht = options.dht ? await freeUdpPort(options.utp && tcp !== 0 ? tcp + 1 : tcp) : 0
  if (tcp !== options.port) log('warn', 'TORRENT_PORT is taken, another one is used', { port: options.port })
  return startSwarm(
    { engine: options, ports: { tcp, dht }, own },
    {
      report: say,
      fatal(error) {
        terminal.error(`engine: ${messageOf(error)}\n`)
        process.exit(1)
      },
    },
  )
}

async function obey(swarm: Swarm, command: Exclude<Command, { kind: 'start' }>): Promise<Swarm> {
  if (command.kind === 'open') await swarm.open(command)
  else if (command.kind === 'want') swarm.want(command.id, command.windows)
  else if (command.kind === 'unverify') swarm.unverify(command.id, command.piece)
  else if (command.kind === 'replace') swarm.replace(command.id, command.file)
  else if (command.kind === 'retryWrites') swarm.retryWrites(command.id)
  else if (command.kind === 'close') void swarm.close(command.id)
  else process.exit(0)
  return swarm
}

function say(report: Report): void {
  if (report.kind === 'log') log(report.level, report.message, report.fields ?? {})
  else send(report)
}

function send(report: Report): void {
  // Main may be gone at this very moment; then this process ends, too.
  if (process.connected) process.send?.(report, undefined, undefined, () => undefined)
}
