import { type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { REQUEST_LIMITS } from './request-limits.ts'

type Refusal = readonly [status: number, message: string]

/** As in Node, which would answer without a body. */
const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    `The address and headers are longer than ${REQUEST_LIMITS.maxHeaderSize} bytes together.`,
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'The chunk extensions of the body are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request was not complete in time.'],
}
const MALFORMED: Refusal = [
  400,
  'The request is not valid HTTP/1.1. Expected a known method, a percent-encoded address without spaces, and valid headers.',
]

/** Node sets this to the response that is being written to the socket. */
type AnsweringSocket = Socket & { readonly _httpMessage?: ServerResponse | null }

/**
 * Answers requests that Node's parser refuses, and closes the connection. Nothing is sent into an answer that has
 * begun.
 */
export function answerMalformed(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: AnsweringSocket) => {
    const isReachable = error.code !== 'ECONNRESET' && socket.writable && !socket.destroyed
    if (isReachable && !socket._httpMessage?.headersSent) socket.write(refusal(error.code))
    socket.destroy()
  })
}

function refusal(code = ''): string {
  const [status, message] = REFUSALS[code] ?? MALFORMED
  const body = JSON.stringify({ error: 'request.invalid', message })
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
