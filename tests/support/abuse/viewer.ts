import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStream, readBytes } from '../http-client.ts'
import { expectSameBytes } from '../pattern-bytes.ts'
import type { OtherLoad } from './other-load.ts'

const CHUNK = 256 * 1024

export interface Viewing {
  readonly url: string
  /** the address that the viewer comes from */
  readonly from: string
  readonly bytes: Buffer
  /** bytes per second */
  readonly pace: number
  /** shares of the film that the viewer seeks to, in order */
  readonly places: readonly number[]
  /** how long the film is watched from each position */
  readonly msAtPlace: number
  /** Aborts when the viewer leaves. */
  readonly over: AbortSignal
}

/** A delay until the player got bytes that it needed. */
export interface Wait {
  /** without the time that other programs took */
  readonly ms: number
  readonly othersMs: number
  /** what it waited for: the start of the film, a seek, the next bytes, or a list */
  readonly what: 'start' | 'seek' | 'bytes' | 'list'
  /** ms of the process's clock */
  readonly at: number
}

/**
 * Watches a film at its pace, as a player does, and compares every byte.
 *
 * @param onWait - called for every wait
 * @throws Error when a byte is wrong, or the film ends too early
 */
export async function watch(
  viewing: Viewing,
  others: OtherLoad,
  onWait: (wait: Wait) => void,
): Promise<void> {
  const { over } = viewing
  for (const [n, place] of viewing.places.entries()) {
    if (over.aborted) return
    const start = Math.floor(place * viewing.bytes.length)
    let what: Wait['what'] = n === 0 ? 'start' : 'seek'
    let askedAt = performance.now()
    const stream = await openStream(viewing.url, { Range: `bytes=${start}-` }, viewing.from)
    if (stream.statusCode !== 206)
      throw new Error(`${stream.statusCode} for ${viewing.url}: ${await textOf(stream)}`)
    const until = askedAt + viewing.msAtPlace
    for (let at = start; at < viewing.bytes.length; at += CHUNK) {
      if (over.aborted || performance.now() >= until) break
      const expected = viewing.bytes.subarray(at, at + CHUNK)
      const got = await readBytes(stream, expected.length)
      const now = performance.now()
      const othersMs = others.within(askedAt, now)
      onWait({ ms: now - askedAt - othersMs, othersMs, what, at: now })
      expectSameBytes(got, expected)
      await sleep(Math.max(0, (CHUNK / viewing.pace) * 1_000 - (performance.now() - askedAt)))
      askedAt = performance.now()
      what = 'bytes'
    }
    stream.destroy()
  }
}

async function textOf(stream: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of stream) text += String(part)
  return text
}
