import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { isInstalled, SYSTEM_PATH } from './installed.ts'
import { temporaryFolder } from './temporary-folder.ts'

const EXAMPLE = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url))
/** Whether nginx is installed. */
export const hasNginx = isInstalled('nginx', ['nginx', '-v'], 'tests behind nginx')

/** An nginx with the site of `deploy/nginx.conf`. */
export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:…`, without a slash at the end */
  readonly url: string
}

/**
 * @param appUrl - of the self-streme behind it
 * @param folder - its download folder
 */
export async function startNginx(appUrl: string, folder: string): Promise<Nginx> {
  const example = await readFile(EXAMPLE, 'utf8')
  return startSite((port) =>
    filled(example, {
      'server 127.0.0.1:7000;': `server ${new URL(appUrl).host};`,
      'listen 80;': `listen 127.0.0.1:${port};`,
      'alias /srv/self-streme/temp/;': `alias "${folder}/";`,
    }),
  )
}

/**
 * An nginx with a site of a few lines, as people write them.
 *
 * @param lines - placed beside `proxy_pass`
 */
export function startPlainNginx(appUrl: string, lines: readonly string[] = []): Promise<Nginx> {
  return startSite(
    (port) =>
      `server { listen 127.0.0.1:${port}; location / { proxy_pass ${appUrl};\n${lines.join('\n')}\n } }`,
  )
}

export interface PathSite {
  /** of the self-streme behind it */
  readonly appUrl: string
  /** its download folder */
  readonly folder: string
  /** such as `/streme` */
  readonly prefix: string
  /** whether nginx strips the prefix */
  readonly strips: boolean
  /** placed beside `proxy_pass` */
  readonly lines?: readonly string[]
}

/** An nginx that serves self-streme under a path, and nothing at other paths. */
export function startNginxWithPath({ appUrl, folder, prefix, strips, lines = [] }: PathSite): Promise<Nginx> {
  return startSite(
    (port) => `server {
      listen 127.0.0.1:${port};
      location ${prefix}/ {
        proxy_pass ${appUrl}${strips ? '/' : ''};
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Accel-Prefix /_media;
        ${lines.join('\n')}
      }
      location /_media/ { internal; alias "${folder}/"; etag off; add_header ETag $upstream_http_etag; }
      location / { return 418; }
    }`,
  )
}

/** @param site - the content of `http { }`, for a port to listen on */
async function startSite(site: (port: number) => string): Promise<Nginx> {
  await using starting = new AsyncDisposableStack()
  const { path: own } = starting.use(await temporaryFolder())
  const port = await freePort()
  await writeFile(join(own, 'nginx.conf'), `${around(own)}\nhttp {\n${files(own)}\n${site(port)}\n}\n`)
  const nginx = spawn('nginx', ['-p', own, '-c', join(own, 'nginx.conf'), '-g', 'daemon off;'], {
    env: { PATH: SYSTEM_PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = once(nginx, 'exit')
  starting.defer(async () => {
    nginx.kill('SIGTERM')
    await ended
  })
  await untilItServes(nginx.stderr)
  const parts = starting.move()
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** Started by root, its workers would run as a user who may not read our folders. */
function around(own: string): string {
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user}\npid ${own}/pid;\nerror_log stderr notice;\nworker_processes 1;\nevents { worker_connections 256; }`
}

function files(own: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `access_log off;\n${temporary.map((what) => `${what}_temp_path ${own}/${what};`).join('\n')}`
}

/** Fails if the example no longer has the text to replace. */
function filled(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((done, [from, to]) => {
    if (!done.includes(from)) throw new Error(`deploy/nginx.conf does not say "${from}"`)
    return done.replace(from, to)
  }, text)
}

/** nginx cannot choose a free port itself. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** nginx reports the end, or what went wrong. */
async function untilItServes(log: Readable): Promise<void> {
  let said = ''
  for await (const text of log.iterator({ destroyOnReturn: false })) {
    said += text
    if (said.includes('start worker process')) return void log.resume()
  }
  throw new Error(`nginx does not start: ${said}`)
}
