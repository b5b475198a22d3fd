import { request } from 'node:http'
import { type LocalServer, startLocalServer } from './local-server.ts'

/** An HTTP proxy that forwards requests for `http:`. */
export interface ForwardProxy extends LocalServer {
  /** @param user - name and password */
  urlFor(user?: string): string
}

/** @param user - name and password that it requires */
export async function startForwardProxy(user?: string): Promise<ForwardProxy> {
  const expected = user && `Basic ${Buffer.from(user).toString('base64')}`
  const server = await startLocalServer((req, res) => {
    if (expected && req.headers['proxy-authorization'] !== expected) return void res.writeHead(407).end()
    request(req.url ?? '', { headers: { host: new URL(req.url ?? '').host }, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502)
      answer.pipe(res)
    })
      .on('error', () => res.writeHead(502).end())
      .end()
  })
  return Object.assign(server, {
    urlFor: (who?: string) => server.url.replace('//', `//${who === undefined ? '' : `${who}@`}`),
  })
}
