import type { IncomingMessage } from 'node:http'
import type { Film } from '../swarm/film.ts'
import { openFilm } from './open-film.ts'

const TICK_MS = 50
const FIRST_BYTES = 65_536

/** A viewer who watches at the film's own pace. */
export interface Player extends Disposable {
  /** Resolves when the first 64 KiB are there. */
  readonly begun: Promise<void>
  /**
   * The viewer's experience so far.
   *
   * @throws when a byte was wrong, or the stream ended early
   */
  report(): PlayerReport
}

export interface PlayerReport {
  /** from the request to the first 64 KiB */
  readonly firstBytesMs: number
  /** from the request to the full buffer that starts playback */
  readonly startMs: number
  /** times that the buffer ran dry after that */
  readonly stalls: number
}

export interface PlayerOptions {
  readonly url: string
  readonly film: Film
  /** byte */
  readonly from: number
  readonly bytesPerSecond: number
  readonly bufferSeconds: number
}

/** Playback starts, also after a stall, when the buffer is full; while it is full nothing is read. */
export function startPlayer({ url, film, from, bytesPerSecond, bufferSeconds }: PlayerOptions): Player {
  const bufferBytes = bufferSeconds * bytesPerSecond
  const size = film.bytes.length - from
  const askedAt = performance.now()
  const begun = Promise.withResolvers<void>()
  let stream: IncomingMessage | undefined
  let failure: Error | undefined
  let hasLeft = false
  let received = 0
  let played = 0
  let isPlaying = false
  let lookedAt = askedAt
  let firstBytesMs = Number.NaN
  let startMs = Number.NaN
  let stalls = 0

  const timer = setInterval(look, TICK_MS)
  openFilm(url, from).then(receiveFrom, fail)

  function receiveFrom(opened: IncomingMessage): void {
    stream = opened
    if (hasLeft) opened.destroy()
    opened.on('data', (part: Buffer) => {
      const at = from + received
      if (!part.equals(film.bytes.subarray(at, at + part.length))) fail(new Error(`wrong bytes at ${at}`))
      received += part.length
      if (received >= FIRST_BYTES && Number.isNaN(firstBytesMs)) {
        firstBytesMs = performance.now() - askedAt
        begun.resolve()
      }
      look()
    })
    opened.on('close', () => {
      if (received < size) fail(new Error(`a stream ended at ${from + received}`))
    })
    opened.on('error', fail)
  }

  function look(): void {
    const now = performance.now()
    if (isPlaying) played = Math.min(received, played + ((now - lookedAt) / 1000) * bytesPerSecond)
    lookedAt = now
    const isFull = received - played >= bufferBytes || received === size
    if (isPlaying && played === received && received < size) {
      stalls += 1
      isPlaying = false
    } else if (!isPlaying && isFull) {
      isPlaying = true
      if (Number.isNaN(startMs)) startMs = now - askedAt
    }
    if (isFull) stream?.pause()
    else stream?.resume()
  }

  function fail(error: Error): void {
    failure ??= error
    begun.reject(error)
  }
  begun.promise.catch(() => undefined)

  return {
    begun: begun.promise,
    report() {
      if (failure) throw failure
      return { firstBytesMs, startMs, stalls }
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      hasLeft = true
      stream?.destroy()
    },
  }
}
