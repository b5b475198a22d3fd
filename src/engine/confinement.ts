import { realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineOptions } from './engine.ts'

/**
 * glibc (mallopt(3)): what was read from a socket goes back to the system when it is freed, instead of lying between
 * other things until the process ends. With 20 viewers it is 100 MiB instead of 160, and no slower.
 */
const FRUGAL = { MALLOC_TRIM_THRESHOLD_: '262144', MALLOC_MMAP_THRESHOLD_: '65536' }

/** What the engine gets of main's environment. Everything else may be a secret: passwords, keys of indexers. */
const PASSED_ON = [
  // What the user wants of Node: memory, the order of addresses, whom TLS trusts.
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_USE_SYSTEM_CA',
  'OPENSSL_CONF',
  'SSL_CERT_DIR',
  'SSL_CERT_FILE',
  'UV_THREADPOOL_SIZE',
  'UV_USE_IO_URING',
  // Where the binary and its native addons find their libraries, and which allocator they use.
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'MALLOC_ARENA_MAX',
  // How the system's resolver looks up trackers (resolv.conf(5)).
  'LOCALDOMAIN',
  'RES_OPTIONS',
  // Without it Windows opens no socket.
  'SystemRoot',
  // webtorrent says on stderr what it does.
  'DEBUG',
]

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url))
/** Native addons look here for the kind of C library (node-gyp-build, detect-libc). */
const LIBC_FILES = ['/etc/alpine-release', '/usr/bin/ldd']
/** Code that is loaded into every process may read and write anywhere. */
const PRELOADING = /(^|\s)(-r|--require|--import|--loader|--experimental-loader)(\s|=)/

type Environment = Readonly<Record<string, string | undefined>>

/** The environment of the engine process. */
export function environmentOf(options: EngineOptions, main: Environment): Record<string, string | undefined> {
  // The router's address is asked of `ip` or `netstat`.
  const passedOn = options.nat ? [...PASSED_ON, 'PATH'] : PASSED_ON
  return {
    ...Object.fromEntries(passedOn.map((name) => [name, main[name]])),
    ...FRUGAL,
    NODE_COMPILE_CACHE: compileCache(main),
  }
}

/** What Node has compiled is kept, and run at the next start: what the engine could change, main must not load. */
function compileCache({ NODE_COMPILE_CACHE: ofMain }: Environment): string | undefined {
  // Node takes an empty one for none.
  return ofMain ? join(ofMain, 'engine') : undefined
}

/**
 * Options that keep the engine, by Node's permission model, to its own code and the folders of torrents: a second
 * wall behind the checks of names and paths, but no sandbox, since native addons and symbolic links lead around it.
 *
 * @returns none where `NODE_OPTIONS` loads other code, which could not read its files
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
    // WebRTC and uTP, which webtorrent loads at the start.
    '--allow-addons',
    ...(options.nat ? ['--allow-child-process'] : []),
    // Node 25 and later.
    ...(process.allowedNodeEnvironmentFlags.has('--allow-net') ? ['--allow-net'] : []),
    // The warnings that addons and child processes lead around all this.
    '--disable-warning=PERM0001',
    '--disable-warning=PERM0002',
  ]
}

/** Paths are compared as they are written, and torrents under an extra path are opened by their real one. */
async function withRealPaths(paths: readonly string[]): Promise<string[]> {
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)))
  return [...new Set([...paths, ...real])]
}

/** Node does so by itself only for folders that exist already. */
function allIn(folder: string): string {
  return join(folder, '*')
}

/** Where the modules that a package imports can be, up to the root of the file system. */
function moduleFolders(folder: string): string[] {
  const parent = dirname(folder)
  return [join(folder, 'node_modules'), ...(parent === folder ? [] : moduleFolders(parent))]
}
