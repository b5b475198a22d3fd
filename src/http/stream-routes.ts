import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { clientKey } from '../domain/clients/client-key.ts'
import { isIdle } from '../domain/clients/viewer.ts'
import { parseStreamAddress } from '../domain/stream-address.ts'
import type { Log } from '../observe/log.ts'
import type { OpenMedia } from '../streaming/open-media.ts'
import { clientOf, type TrustsProxy } from './client-address.ts'
import { answeredByMethod } from './cors.ts'
import type { AnswerError } from './error-handler.ts'
import { goneSignal } from './gone-signal.ts'
import type { HandOff } from './hand-off.ts'
import { sendMedia } from './send-media.ts'
import type { StreamPlace, StreamPlaces } from './stream-places.ts'

export interface StreamRoutes {
  /** @param url - the part after `/stream/proxy` */
  answer(req: IncomingMessage, res: ServerResponse, url: string): Promise<void>
  /** Whether a client reads nothing of the video that it is being sent on a connection. */
  isIdleOn(socket: Socket): boolean
  /** Resolves when no video is being sent. */
  idle(): Promise<void>
}

/** What the routes need to open and send videos. */
export interface StreamParts {
  readonly openMedia: OpenMedia
  readonly handOff: HandOff
  readonly places: StreamPlaces
  readonly trustsProxy: TrustsProxy
  readonly answerError: AnswerError
}

/** Serves videos; their addresses are described in `domain/stream-address.ts`. */
export function streamRoutes(
  { openMedia, handOff, places, trustsProxy, answerError }: StreamParts,
  log: Log,
): StreamRoutes {
  const serving = new Set<Promise<void>>()
  /** the last video requested on each connection: pipelined requests are answered one after the other */
  const lastOn = new WeakMap<Socket, Promise<void>>()
  const placeOn = new WeakMap<Socket, StreamPlace>()

  async function answer(req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
    if (answeredByMethod('GET, HEAD, OPTIONS', req, res)) return
    const served = (lastOn.get(req.socket) ?? Promise.resolve()).then(() => serve(req, res, url))
    serving.add(served)
    lastOn.set(req.socket, served)
    await served
    serving.delete(served)
  }

  /** Never rejects: errors become the answer. */
  async function serve(req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
    const left = goneSignal(res)
    try {
      left.throwIfAborted()
      const client = clientOf(req, trustsProxy)
      using place = places.enter(clientKey(client))
      placeOn.set(req.socket, place)
      const gone = AbortSignal.any([left, place.ended])
      try {
        const request = { ...parseStreamAddress(url), onlyHead: req.method === 'HEAD', client, viewer: place }
        await using media = await openMedia(request, gone)
        await sendMedia(req, res, media, { handOff, place, gone })
      } catch (error) {
        // If the stream was ended, that is the cause of the error.
        place.ended.throwIfAborted()
        throw error
      }
    } catch (error) {
      // A viewer who leaves, as players do at every seek, is normal.
      // Logged without the query, as trackers may contain passkeys.
      if (left.aborted) log.debug('viewer left', { url: url.split('?')[0] })
      else answerError(error, req, res)
    }
  }

  return {
    answer,
    isIdleOn(socket) {
      const place = placeOn.get(socket)
      return place !== undefined && isIdle(place, performance.now())
    },
    async idle() {
      await Promise.all(serving)
    },
  }
}
