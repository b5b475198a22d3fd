import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { PYTHON } from '../../support/swarm.ts'

/** The machine that the figures were measured on, in one line. */
export function describeMachine(): string {
  const [cpu] = cpus()
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpu?.model.trim()}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node ${process.versions.node}`,
    `libtorrent ${outputOf(PYTHON, ['-c', 'import libtorrent; print(libtorrent.__version__)'])}`,
    outputOf('sh', ['-c', 'nginx -v 2>&1']).replace(/^.*nginx\//, 'nginx '),
    `webtorrent ${versionOf('../../../node_modules/webtorrent')}`,
    ...['peerflix', 'express', 'send'].map((name) => `${name} ${versionOf(`../node_modules/${name}`)}`),
  ].join(', ')
}

function outputOf(command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8' }).trim()
  } catch {
    return 'missing'
  }
}

function versionOf(folder: string): string {
  const text = readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
