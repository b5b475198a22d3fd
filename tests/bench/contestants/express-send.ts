import type { FileServer } from '../file-servers.ts'
import { startProcess } from '../measure/own-process.ts'
import type { Film } from '../swarm/film.ts'

const SERVER = new URL('express-send-server.ts', import.meta.url)

/** The way most Node servers send a file. */
export async function startExpressSend(film: Film): Promise<FileServer> {
  await using starting = new AsyncDisposableStack()
  const child = starting.use(startProcess(process.execPath, [SERVER, film.path]))
  const url = await child.nextLine(/^http:/)
  const parts = starting.move()
  return { url, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
