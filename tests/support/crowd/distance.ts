import { fileURLToPath } from 'node:url'
import { startHelperProcess } from './helper-process.ts'

const DELAY_PROXY = fileURLToPath(new URL('delay-proxy.ts', import.meta.url))

/** Ports on this machine that lead to others with the delay of a distant host. */
export interface Distance extends AsyncDisposable {
  /** in the order of the others */
  readonly ports: readonly number[]
}

/** @param oneWayMs - ms from one side to the other */
export async function startDistance(oneWayMs: number, ports: readonly number[]): Promise<Distance> {
  const { answer, ...rest } = await startHelperProcess<number[]>(
    process.execPath,
    [DELAY_PROXY, oneWayMs, ...ports].map(String),
  )
  return { ports: answer, ...rest }
}
