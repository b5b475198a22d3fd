import { startExpressSend } from './contestants/express-send.ts'
import { startNginx } from './contestants/nginx.ts'
import { serveFetchedBy, servePlacedFile } from './contestants/whole-file.ts'
import type { Film } from './swarm/film.ts'

/** A server with a complete film on its disk. */
export interface FileServer extends AsyncDisposable {
  readonly url: string
}

/** All that serve a complete film, by name. */
export const fileServers: Readonly<Record<string, (film: Film) => Promise<FileServer>>> = {
  'self-streme placed': servePlacedFile,
  'self-streme fetched': (film) => serveFetchedBy('self-streme', film),
  'nginx 1 worker': (film) => startNginx(film, 1),
  'nginx 2 workers': (film) => startNginx(film, 2),
  'express + send': startExpressSend,
  peerflix: (film) => serveFetchedBy('peerflix', film),
  webtorrent: (film) => serveFetchedBy('webtorrent', film),
}
