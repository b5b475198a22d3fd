import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineOptions } from './engine.ts'

/**
 * glibc (mallopt(3)): freed socket buffers are returned to the system, instead of staying in a fragmented heap. With 20
 * viewers the engine takes 100 MiB instead of 160, at the same speed.
 */
const FRUGAL = { MALLOC_TRIM_THRESHOLD_: '262144', MALLOC_MMAP_THRESHOLD_: '65536' }

/** The variables that the engine gets of main's environment. All others may be secrets: passwords, keys of indexers. */
const PASSED_ON = [
  // Options of Node: memory, order of addresses, trusted certificates.
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
  'OPENSSL_CONF',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'UV_THREADPOOL_SIZE',
  'UV_USE_IO_URING',
  // Library paths and the allocator of the binary and its native addons.
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'MALLOC_ARENA_MAX',
  // Options of the system's resolver (resolv.conf(5)).
  'LOCALDOMAIN',
  'RES_OPTIONS',
  // Without it Windows opens no socket.
  'SystemRoot',
  // Debug output of webtorrent on stderr.
  'DEBUG',
]

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
/** Native addons read these to detect the C library (node-gyp-build, detect-libc). */
const LIBC_FILES = ['/etc/alpine-release', '/usr/bin/ldd']
/** Options that load code into every process, which may read and write anywhere. */
const PRELOADING = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)(\s|=)/

type Environment = Readonly<Record<string, string | undefined>>

/** The environment of the engine process. */
export function environmentOf(options: EngineOptions, main: Environment): Record<string, string | undefined> {
  // The router's address is read from the output of `ip` or `netstat`.
  const passedOn = options.nat ? [...PASSED_ON, 'PATH'] : PASSED_ON
  return {
    ...Object.fromEntries(passedOn.map((name) => [name, main[name]])),
    ...FRUGAL,
    NODE_COMPILE_CACHE: compileCache(main),
  }
}

/** Node's compile cache is executed at the next start: main must not load what the engine could change. */
function compileCache({ NODE_COMPILE_CACHE: ofMain }: Environment): string | undefined {
  // Node treats an empty value as unset.
  return ofMain ? join(ofMain, 'engine') : undefined
}

/**
 * Options that confine the engine, by Node's permission model, to its own code and the folders of torrents. It is a
 * second line of defence behind the checks of names and paths, not a sandbox: native addons and symbolic links lead
 * around it.
 *
 * @returns none if `NODE_OPTIONS` loads other code, which could not read its files
 * @see https://nodejs.org/api/permissions.html
 */
export async function permissionsOf(options: EngineOptions, main: Environment): Promise<string[]> {
  if (PRELOADING.test(main.NODE_OPTIONS ?? '')) return []
  const code = await withRealPaths([join(PACKAGE, 'src'), ...moduleFolders(PACKAGE)])
  const cache = compileCache(main)
  const folders = await withRealPaths(cache === undefined ? options.folders : [...options.folders, cache])
  return [
    '--permission',
    ...[...code, ...folders].map((folder) => `--allow-fs-read=${allIn(folder)}`),
    ...[join(PACKAGE, 'package.json'), ...LIBC_FILES].map((file) => `--allow-fs-read=${file}`),
    ...folders.map((folder) => `--allow-fs-write=${allIn(folder)}`),
    // For WebRTC and uTP, which webtorrent loads at the start.
    '--allow-addons',
    ...(options.nat ? ['--allow-child-process'] : []),
    // Node 25 and later.
    ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
    // Without the warnings that addons and child processes can get around all this.
    '--disable-warning=PERM0001',
    '--disable-warning=PERM0002',
  ]
}

/** Node compares paths as they are written, and torrents under an extra path are opened by their real path. */
async function withRealPaths(paths: readonly string[]): Promise<string[]> {
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)))
  return [...new Set([...paths, ...real])]
}

/** Node does this by itself only for existing folders. */
function allIn(folder: string): string {
  return join(folder, '*')
}

/** All `node_modules` that a package can import from, up to the root of the file system. */
function moduleFolders(folder: string): string[] {
  const parent = dirname(folder)
  return [join(folder, 'node_modules'), ...(parent === folder ? [] : moduleFolders(parent))]
}
