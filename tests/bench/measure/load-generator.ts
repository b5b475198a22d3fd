/**
 * Reads from a server as fast as it can, in a process of its own and over bare sockets, so that the server is the
 * bottleneck: `node load-generator.ts '{"kind": "stream" | "ranges", …}'` prints its report as JSON.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What is requested. */
export type Load = Readonly<{ url: string; fileBytes: number }> &
  (
    | { readonly kind: 'stream'; readonly times: number }
    | {
        readonly kind: 'ranges'
        readonly connections: number
        readonly rangeBytes: number
        readonly seconds: number
      }
  )

export interface LoadReport {
  readonly seconds: number
  readonly bytes: number
  /** of every answer, from the request to the last byte */
  readonly latenciesMs: readonly number[]
}

const HEADER_END = Buffer.from('\r\n\r\n')
/** All answers are read into the same buffer: their bytes are not examined. */
const READ_BYTES = 1024 * 1024

const load = JSON.parse(process.argv[2] ?? '') as Load
const latenciesMs: number[] = []
const startedAt = performance.now()
let bytes = 0
if (load.kind === 'stream') {
  await using connection = await openConnection(load.url)
  for (let n = 0; n < load.times; n++) await readOne(connection, 0, load.fileBytes)
} else {
  const { connections, rangeBytes, seconds, fileBytes, url } = load
  const readers = Array.from({ length: connections }, async () => {
    await using connection = await openConnection(url)
    while (performance.now() - startedAt < seconds * 1000) {
      await readOne(connection, Math.floor(Math.random() * (fileBytes - rangeBytes)), rangeBytes)
    }
  })
  await Promise.all(readers)
}
const report: LoadReport = { seconds: (performance.now() - startedAt) / 1000, bytes, latenciesMs }
process.stdout.write(`${JSON.stringify(report)}\n`)

async function readOne(connection: Connection, start: number, length: number): Promise<void> {
  const askedAt = performance.now()
  await connection.read(start, length)
  latenciesMs.push(performance.now() - askedAt)
  bytes += length
}

interface Connection extends AsyncDisposable {
  read(start: number, length: number): Promise<void>
}

async function openConnection(url: string): Promise<Connection> {
  const { hostname, port, pathname, host } = new URL(url)
  let answer: Answer | undefined
  const socket: Socket = connect({
    host: hostname,
    port: Number(port),
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(READ_BYTES),
      callback(count, buffer) {
        answer?.take(buffer as Buffer, count)
        return true
      },
    },
  })
  await once(socket, 'connect')
  socket.on('close', () => answer?.fail(new Error('the server closed the connection')))
  return {
    read(start, length) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      answer = expectAnswer(length, resolve, reject)
      const range = `bytes=${start}-${start + length - 1}`
      socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nRange: ${range}\r\n\r\n`)
      return promise
    },
    async [Symbol.asyncDispose]() {
      answer = undefined
      socket.destroy()
    },
  }
}

interface Answer {
  take(buffer: Buffer, count: number): void
  fail(error: Error): void
}

/** An answer with a header and exactly that many bytes of body. */
function expectAnswer(length: number, done: () => void, fail: (error: Error) => void): Answer {
  let header: Buffer | undefined = Buffer.alloc(0)
  let missing = length
  return {
    fail,
    take(buffer, count) {
      let bodyBytes = count
      if (header) {
        header = Buffer.concat([header, buffer.subarray(0, count)])
        const end = header.indexOf(HEADER_END)
        if (end < 0) return
        const status = header.toString('latin1', 0, header.indexOf('\r\n'))
        if (!status.includes(' 206 ')) return fail(new Error(`the server answered ${status}`))
        bodyBytes = header.length - end - HEADER_END.length
        header = undefined
      }
      missing -= bodyBytes
      if (missing < 0) fail(new Error(`${-missing} bytes too many`))
      if (missing === 0) done()
    },
  }
}
