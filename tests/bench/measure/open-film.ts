import type { IncomingMessage } from 'node:http'
import { openStream } from '../../support/http-client.ts'

/** Requests a film from some byte to its end, and checks that this is what is sent. */
export async function openFilm(url: string, start?: number): Promise<IncomingMessage> {
  const stream = await openStream(url, start === undefined ? {} : { Range: `bytes=${start}-` })
  const expected = start === undefined ? 200 : 206
  if (stream.statusCode !== expected) throw new Error(`${url} answered ${stream.statusCode}`)
  return stream
}
