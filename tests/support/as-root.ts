import { execFileSync } from 'node:child_process'

/** The output of a command; throws if it fails. */
export function run(command: string, ...options: string[]): string {
  return execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The same as root: directly if this process is root, else with a sudo that needs no password. */
export function runAsRoot(command: string, ...options: string[]): string {
  return process.getuid?.() === 0 ? run(command, ...options) : run('sudo', '-n', command, ...options)
}
