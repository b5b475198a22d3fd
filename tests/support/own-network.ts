import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isInstalled, SYSTEM_PATH } from './installed.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Of libtorrent's default, and of bittorrent-dht's. */
const BOOTSTRAP_HOSTS = ['router.bittorrent.com', 'router.utorrent.com', 'dht.transmissionbt.com']
const OURS = '44.0.0.1'
/** The node that the bootstrap hosts' names lead to. */
export const DHT_ROUTER = '44.0.0.2'
export const DHT_NODES: readonly string[] = Array.from({ length: 50 }, (_, at) => `44.0.1.${at + 1}`)
/** Source of what is sent to the others: the first address of an interface. */
const ADDRESSES = [OURS, DHT_ROUTER, ...DHT_NODES]

/** A user, a network and mounts of its own: none of it leaves this machine, or needs root. */
const UNSHARE = ['unshare', '--map-root-user', '--net', '--mount'] as const
const SET_UP = [
  'set -e',
  'mount --bind "$1" /etc/hosts',
  'ip link set lo up',
  ...ADDRESSES.map((address) => `ip address add ${address}/32 dev lo`),
  'shift',
  'exec "$@"',
].join('\n')

/** Whether programs can be run in a network of their own. */
export const hasOwnNetwork = isInstalled(
  'iproute2',
  [...UNSHARE, 'sh', '-c', 'ip link set lo up'],
  'tests with a DHT of public addresses',
)

/**
 * Runs a command in a network in which {@link DHT_NODES} and others are addresses of this machine. They count as public:
 * neither libtorrent nor we keep private addresses in the DHT's table.
 *
 * @returns what it printed
 */
export async function runInOwnNetwork(command: readonly string[], timeoutMs: number): Promise<string> {
  await using folder = await temporaryFolder()
  const hosts = join(folder.path, 'hosts')
  await writeFile(hosts, ['127.0.0.1 localhost', `${DHT_ROUTER} ${BOOTSTRAP_HOSTS.join(' ')}`, ''].join('\n'))
  const [program, ...options] = [...UNSHARE, 'sh', '-c', SET_UP, 'sh', hosts, ...command]
  const env = { ...process.env, PATH: SYSTEM_PATH }
  const { stdout } = await promisify(execFile)(program, options, { timeout: timeoutMs, env })
  return stdout
}
