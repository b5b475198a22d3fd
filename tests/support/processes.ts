import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Processes that one started, by a part of their command line. */
export function childrenOf(pid: number, command = ''): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(statOf(name)[1]) === pid)
    .filter((name) => textOf(`/proc/${name}/cmdline`).includes(command))
    .map(Number)
}

/** A process that has ended but whose new parent has not taken notice does not count. */
export function isRunning(pid: number): boolean {
  const [state] = statOf(pid)
  return state !== undefined && state !== 'Z'
}

/** What a process has open: paths of files, `socket:[…]` and the like. */
export function openFilesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      // Closed meanwhile.
      return []
    }
  })
}

/** Memory that is the process' own, neither file nor shared, in bytes. */
export function anonymousMemoryOf(pid: number): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`)) ?? []
  return Number(kilobytes) * 1024
}

/** A process and all that it started, and that those started. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)]
}

/** CPU time of a family, in seconds; those that have ended count with the process that waited for them. */
export function cpuSecondsOf(pid: number): number {
  return familyOf(pid).reduce((sum, each) => {
    const ticks = statOf(each).slice(11, 15).map(Number)
    return sum + ticks.reduce((total, some) => total + some, 0) / 100
  }, 0)
}

/** Memory of a family that no file stands behind, in bytes. */
export function anonymousMemoryOfFamily(pid: number): number {
  return familyOf(pid).reduce((sum, each) => sum + anonymousMemoryOf(each), 0)
}

/** Fields of `/proc/…/stat` from the third on: state, parent, … (proc(5)); empty when there is no such process. */
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
