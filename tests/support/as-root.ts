import { execFileSync } from 'node:child_process'

/** What a command writes, or an error if it fails. */
export function run(command: string, ...options: string[]): string {
  return execFileSync(command, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The same as root; without being root, through a sudo that asks for no password. */
export function runAsRoot(command: string, ...options: string[]): string {
  return process.getuid?.() === 0 ? run(command, ...options) : run('sudo', '-n', command, ...options)
}
