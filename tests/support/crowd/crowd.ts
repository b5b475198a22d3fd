import { fileURLToPath } from 'node:url'
import { PYTHON } from '../swarm.ts'
import { startHelperProcess } from './helper-process.ts'

/** Number of peers of each kind that a torrent has, in addition to good ones. */
export interface CrowdOptions {
  readonly infoHash: string
  /** drop the SYN: the host is gone */
  readonly silent: number
  /** refuse the connection */
  readonly refusing: number
  /** accept, and say nothing */
  readonly mute: number
  /** have no pieces */
  readonly empty: number
  /** have everything, and always choke */
  readonly choking: number
  /** close a connection whose handshake is not encrypted, and are otherwise silent */
  readonly encrypted?: number
  /** have everything, and send it slowly */
  readonly slow?: number
  readonly slowBytesPerSecond?: number
  /** bytes per second of the slow ones */
  readonly filmPath?: string
  readonly pieceLength?: number
  /** ms from one side to the other */
  readonly oneWayMs?: number
}

export type CrowdProcessOptions = Required<Omit<CrowdOptions, 'silent' | 'refusing' | 'filmPath'>> & {
  readonly filmPath: string | undefined
}

/** Useless peers on 127.0.0.1. */
export interface Crowd extends AsyncDisposable {
  readonly ports: readonly number[]
}

/** By kind. */
type Ports = Readonly<Record<string, number[]>>

const DEAD_PORTS = fileURLToPath(new URL('dead_ports.py', import.meta.url))
const PROCESS = fileURLToPath(new URL('crowd-process.ts', import.meta.url))

/** The usual mixture of a large swarm: 55 % silent, 15 % refusing, 12 % mute, 10 % empty, 8 % choking. */
export function usualCrowd(
  count: number,
): Pick<CrowdOptions, 'silent' | 'refusing' | 'mute' | 'empty' | 'choking'> {
  const [refusing, mute, empty, choking] = [0.15, 0.12, 0.1, 0.08].map((share) =>
    Math.round(count * share),
  ) as [number, number, number, number]
  return { silent: count - refusing - mute - empty - choking, refusing, mute, empty, choking }
}

export async function startCrowd(options: CrowdOptions): Promise<Crowd> {
  const { silent, refusing, ...rest } = options
  const others: CrowdProcessOptions = {
    encrypted: 0,
    slow: 0,
    slowBytesPerSecond: 20_000,
    pieceLength: 0,
    oneWayMs: 0,
    filmPath: undefined,
    ...rest,
  }
  await using starting = new AsyncDisposableStack()
  const start = async (command: string, args: readonly string[]) =>
    starting.use(await startHelperProcess<Ports>(command, args))
  const processes = [
    await start(PYTHON, [DEAD_PORTS, String(silent), String(refusing)]),
    await start(process.execPath, [PROCESS, JSON.stringify(others)]),
  ]
  const parts = starting.move()
  return {
    ports: processes.flatMap(({ answer }) => Object.values(answer).flat()),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
