import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Processes started by another one, filtered by a part of their command line. */
export function childrenOf(pid: number, command = ''): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(statOf(name)[1]) === pid)
    .filter((name) => textOf(`/proc/${name}/cmdline`).includes(command))
    .map(Number)
}

/** A zombie, a process that has ended and was not reaped, does not count. */
export function isRunning(pid: number): boolean {
  const [state] = statOf(pid)
  return state !== undefined && state !== 'Z'
}

/** The open files of a process: paths, `socket:[…]` and the like. */
export function openFilesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      // Closed in the meantime.
      return []
    }
  })
}

/** Memory of the process itself, neither file nor shared, in bytes. */
export function anonymousMemoryOf(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`)) ?? []
  return Number(kilobytes) * 1024
}

/** A process with all its descendants. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)]
}

/** CPU time of a process and its descendants, in seconds; ended ones count with the process that waited for them. */
export function cpuSecondsOf(pid: number): number {
  return familyOf(pid).reduce((sum, each) => {
    const ticks = statOf(each).slice(11, 15).map(Number)
    return sum + ticks.reduce((total, some) => total + some, 0) / 100
  }, 0)
}

/** Anonymous memory of a process and its descendants, in bytes. */
export function anonymousMemoryOfFamily(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + anonymousMemoryOf(each), 0)
}

/** Fields of `/proc/…/stat` from the third on: state, parent, … (proc(5)); empty when the process does not exist. */
function statOf(pid: number | string): string[] {
  return textOf(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
    .filter(Boolean)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
