import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { EpisodeWish } from '../domain/choice/wish.ts'
import { clientKey } from '../domain/client-key.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { parseInfoHash } from '../domain/info-hash.ts'
import { MAX_TRACKERS } from '../domain/tracker-url.ts'
import { isIdle } from '../domain/viewer.ts'
import type { Log } from '../observe/log.ts'
import type { MediaRequest, OpenMedia } from '../streaming/open-media.ts'
import { clientOf, type TrustsProxy } from './client-address.ts'
import { answeredByMethod } from './cors.ts'
import type { AnswerError } from './error-handler.ts'
import { goneSignal } from './gone-signal.ts'
import type { HandOff } from './hand-off.ts'
import { sendMedia } from './send-media.ts'
import type { StreamPlace, StreamPlaces } from './stream-places.ts'

export interface StreamRoutes {
  /** @param url - what stands behind `/stream/proxy` */
  answer(req: IncomingMessage, res: ServerResponse, url: string): Promise<void>
  /** Whether a client takes nothing of the video that it is sent on a connection. */
  isIdleOn(socket: Socket): boolean
  /** Resolves when no video is being sent any more. */
  idle(): Promise<void>
}

/** `/stream/proxy/{infoHash}[/{fileIdx}[/{name}]][?tr=…][&season=…][&episode=…]`: the video itself. */
export function streamRoutes(
  openMedia: OpenMedia,
  handOff: HandOff,
  places: StreamPlaces,
  trustsProxy: TrustsProxy,
  answerError: AnswerError,
  log: Log,
): StreamRoutes {
  const serving = new Set<Promise<void>>()
  /** the last video asked for on each connection: a client that asks for many at once gets them one after the other */
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

  /** Never fails: what goes wrong is the answer. */
  async function serve(req: IncomingMessage, res: ServerResponse, url: string): Promise<void> {
    const left = goneSignal(res)
    try {
      left.throwIfAborted()
      const client = clientOf(req, trustsProxy)
      using place = places.enter(clientKey(client))
      placeOn.set(req.socket, place)
      const gone = AbortSignal.any([left, place.ended])
      try {
        const request = { ...readRequest(url), onlyHead: req.method === 'HEAD', client, viewer: place }
        await using media = await openMedia(request, gone)
        await sendMedia(req, res, media, handOff, place, gone)
      } catch (error) {
        // Whatever went wrong then went wrong because of this.
        place.ended.throwIfAborted()
        throw error
      }
    } catch (error) {
      // A viewer who leaves, as players do at every seek, is a normal end.
      // Without the query, as trackers may have keys in them.
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

/**
 * Reads what stands behind `/stream/proxy`. By hand, because the name is decoration for players: whatever stands there
 * must not make the request fail.
 */
function readRequest(url: string): Omit<MediaRequest, 'client' | 'viewer' | 'onlyHead'> {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const [hash = '', index = '', ...rest] = path.split('/').slice(1)
  const infoHash = parseInfoHash(hash)
  if (!infoHash) throw new SelfStremeError('media.not_found', `"${hash.slice(0, 80)}" is no info hash`)
  if (!/^\d{0,9}$/.test(index)) {
    throw new SelfStremeError('media.not_found', `"${index.slice(0, 80)}" is no file index`)
  }
  const params = query === '' ? undefined : new URLSearchParams(query)
  return {
    infoHash,
    wanted: index === '' ? params && readWish(params) : Number(index),
    name: decoded(rest.join('/')) || undefined,
    trackers: params?.getAll('tr').slice(0, MAX_TRACKERS) ?? [],
    isPrivate: params?.get('private') === '1',
  }
}

/** The episode that is wanted out of a pack of which the list did not know the files. */
function readWish(params: URLSearchParams): EpisodeWish | undefined {
  const [season, episode] = ['season', 'episode'].map((name) => {
    const text = params.get(name)
    if (text === null || /^\d{1,6}$/.test(text)) return text === null ? undefined : Number(text)
    throw notFound(`"${text.slice(0, 80)}" is no ${name} number`)
  })
  if (episode !== undefined) return { kind: 'episode', episode, ...(season === undefined ? {} : { season }) }
  if (season !== undefined) throw notFound('there is a season, and no episode')
  return undefined
}

function notFound(reason: string): SelfStremeError {
  return new SelfStremeError('media.not_found', reason, { details: { reason } })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
