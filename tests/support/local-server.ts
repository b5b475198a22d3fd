import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An HTTP server on a free port of this machine that stores the requests it got. */
export interface LocalServer extends AsyncDisposable {
  /** `http://127.0.0.1:…`, without a slash at the end */
  readonly url: string
  /** each request: path and query */
  readonly asked: readonly string[]
  readonly requests: readonly IncomingMessage[]
}

export async function startLocalServer(answer: RequestListener, host = '127.0.0.1'): Promise<LocalServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((req, res) => {
    requests.push(req)
    answer(req, res)
  }).listen(0, host)
  await once(server, 'listening')
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    get asked() {
      return requests.map(({ url = '' }) => url)
    },
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}
