import { request } from 'node:http'
import { connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  /** the body as text */
  readonly text: string
  /** the body as JSON */
  readonly json: unknown
}

export interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** A request written as given, with headers and paths that `fetch` forbids or normalises. */
export async function send(
  url: string,
  { method = 'GET', headers = {}, body = '' }: SendOptions = {},
): Promise<Answer> {
  const { hostname, port, origin } = new URL(url)
  // The path as given: `URL` would normalise it.
  const path = url.slice(origin.length) || '/'
  const answered = Promise.withResolvers<Answer>()
  const sent = request({ hostname, port, path: path || '/', method, headers, agent: false }, (answer) => {
    buffer(answer).then((body) => {
      answered.resolve({
        status: answer.statusCode ?? 0,
        headers: answer.headers as Answer['headers'],
        body,
        text: body.toString(),
        get json() {
          return JSON.parse(this.text)
        },
      })
    }, answered.reject)
  })
  sent.on('error', answered.reject).end(body)
  return answered.promise
}

/** The complete answer to a request written by hand, until the server closes the connection. */
export async function sendRaw(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  return text(socket)
}
