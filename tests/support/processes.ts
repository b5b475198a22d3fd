import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Processes that one started, by a part of their command line. */
export function childrenOf(pid: number, command: string): number[] {
  const rows = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' }).split(
    '\n',
  )
  return rows.filter((row) => row.includes(command)).map((row) => Number.parseInt(row, 10))
}

/** A process that has ended but whose new parent has not taken notice does not count. */
export function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
