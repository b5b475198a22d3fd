/**
 * The engine process, which serves main over the IPC channel. It ends only when main says so or has exited: a terminal
 * sends its signals to the whole process group, and main still has files to close.
 */
import { messageOf } from '../../domain/errors.ts'
import { boundRepeats } from '../../observe/repeats.ts'
import { terminal } from '../../observe/terminal.ts'
import type { Command, Report } from '../protocol.ts'
import { freeTcpPort, freeUdpPort } from './free-port.ts'
import type { Swarm } from './webtorrent-adapter.ts'

const ALIVE_INTERVAL_MS = 1_000
/** Less than the limits of main's log, so that other events still fit. */
const MAX_PER_MINUTE = { error: 4, warn: 4, info: 4, debug: 30 }

/** Limited here, because peers can cause any number of events, and each one that is sent costs main time too. */
const log = boundRepeats((level, message, fields) => send({ kind: 'log', level, message, fields }), {
  most: MAX_PER_MINUTE,
})

process.on('SIGTERM', () => undefined)
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit(0))
// Main may have exited while this process was loading.
if (!process.connected) process.exit(0)
process.on('uncaughtException', (error) => {
  terminal.error(`engine: ${error.stack ?? messageOf(error)}\n`)
  process.exit(1)
})

setInterval(() => say({ kind: 'alive' }), ALIVE_INTERVAL_MS)

let starting: Promise<Swarm> | undefined
process.on('message', (command: Command) => {
  if (command.kind === 'start') starting = start(command)
  // One after the other, in the order of main.
  else starting = starting?.then((swarm) => obey(swarm, command))
})

async function start({ options, dhtNodes }: Extract<Command, { kind: 'start' }>): Promise<Swarm> {
  // Loaded late: it takes a while, in which signals must not end this process, and webtorrent keeps references to what
  // is patched here.
  const { OwnTrackers } = await import('./own-trackers.ts')
  const own = new OwnTrackers(options.trustedTrackers)
  const { installLookupGuard } = await import('./lookup-guard.ts')
  const lookup = installLookupGuard(own, options.nameServers)
  const { installFetchGuard } = await import('./fetch-guard.ts')
  installFetchGuard(own, lookup)
  const { installConnectionGuard } = await import('./connection-guard.ts')
  installConnectionGuard()
  const { installNoDelay } = await import('./no-delay.ts')
  installNoDelay()
  const { installDatagramGuard } = await import('./datagram-guard.ts')
  installDatagramGuard((from, reason) => log('debug', 'datagram ignored', { from, reason }))
  const { installWireGuard } = await import('./wire-guard.ts')
  installWireGuard((peer, reason) => log('info', 'peer dropped', { peer, reason }))
  const { startSwarm } = await import('./webtorrent-adapter.ts')

  const tcp = await freeTcpPort(options.port)
  // uTP uses the UDP port of the same number, so the DHT then takes the next one.
  const dht = options.dht ? await freeUdpPort(options.utp && tcp !== 0 ? tcp + 1 : tcp) : 0
  if (tcp !== options.port) log('warn', 'TORRENT_PORT is taken, another port is used', { port: options.port })
  return startSwarm(
    { engine: options, ports: { tcp, dht }, own, dhtNodes },
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
  else stop(swarm)
  return swarm
}

function stop(swarm: Swarm): void {
  const report: Report = { kind: 'dhtNodes', nodes: swarm.dhtNodes() }
  process.send?.(report, undefined, undefined, () => process.exit(0))
}

function say(report: Report): void {
  if (report.kind === 'log') log(report.level, report.message, report.fields ?? {})
  else send(report)
}

function send(report: Report): void {
  // Main may have exited just now; then this process ends too.
  if (process.connected) process.send?.(report, undefined, undefined, () => undefined)
}
