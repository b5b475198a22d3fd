import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../support/raw-peer.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import type { FileServer } from '../file-servers.ts'
import { startProcess } from '../measure/own-process.ts'
import type { Film } from '../swarm/film.ts'

/** Debian's nginx with a configuration of its own, in the foreground, as the user of the benchmark. */
export async function startNginx(film: Film, workers: number): Promise<FileServer> {
  await using starting = new AsyncDisposableStack()
  const folder = starting.use(await temporaryFolder())
  const port = await freePort()
  const conf = join(folder.path, 'nginx.conf')
  await writeFile(conf, configuration(folder.path, film, port, workers))
  const child = starting.use(startProcess('nginx', ['-p', folder.path, '-c', conf, '-e', 'stderr']))
  await Promise.race([listens(port), child.failure])
  const parts = starting.move()
  return { url: `http://127.0.0.1:${port}/${film.name}`, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

function configuration(folder: string, film: Film, port: number, workers: number): string {
  const { uid, username } = userInfo()
  const temporaryPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    daemon off;
    ${uid === 0 ? `user ${username};` : ''}
    worker_processes ${workers};
    pid ${folder}/nginx.pid;
    error_log stderr;
    events { worker_connections 1024; }
    http {
      access_log off;
      sendfile on;
      # Its default closes a connection after 1000 answers; the others never do.
      keepalive_requests 1000000;
      ${temporaryPaths.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n      ')}
      server {
        listen 127.0.0.1:${port};
        root ${film.folder};
      }
    }
  `
}

async function listens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      await sleep(20)
    } finally {
      socket.destroy()
    }
  }
}
