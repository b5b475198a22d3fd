import type { Socket } from 'node:net'
import { type Request, type Response, Router } from 'express'
import { SelfStremeError } from '../domain/errors.ts'
import { parseInfoHash } from '../domain/info-hash.ts'
import { MAX_TRACKERS } from '../domain/tracker-url.ts'
import type { Log } from '../observe/log.ts'
import type { MediaRequest, OpenMedia } from '../streaming/open-media.ts'
import { answerMethods } from './cors.ts'
import { goneSignal } from './request-context.ts'
import { sendMedia } from './send-media.ts'

const PATH = '/stream/proxy'

export interface StreamRoutes {
  readonly router: Router
  /** Resolves when no video is being sent any more. */
  idle(): Promise<void>
}

/** `/stream/proxy/{infoHash}[/{fileIdx}[/{name}]][?tr=…]`: the video itself. */
export function streamRoutes(openMedia: OpenMedia, log: Log): StreamRoutes {
  const serving = new Set<Promise<void>>()
  /** the last video asked for on each connection: a client that asks for many at once gets them one after the other */
  const lastOn = new WeakMap<Socket, Promise<void>>()
  const router = Router()
  router.use(PATH, answerMethods('GET, HEAD, OPTIONS'), async (req, res) => {
    const served = (lastOn.get(req.socket) ?? Promise.resolve()).then(() => serve(req, res))
    serving.add(served)
    lastOn.set(
      req.socket,
      served.catch(() => undefined),
    )
    try {
      await served
    } finally {
      serving.delete(served)
    }
  })

  async function serve(req: Request, res: Response): Promise<void> {
    const request = readRequest(req.url)
    const gone = goneSignal(res)
    try {
      await using media = await openMedia(request, gone)
      await sendMedia(req, res, media, gone)
    } catch (error) {
      // A viewer who leaves, as players do at every seek, is a normal end.
      if (!gone.aborted) throw error
      log.debug('viewer left', { infoHash: request.infoHash })
    }
  }

  return {
    router,
    async idle() {
      await Promise.allSettled(serving)
    },
  }
}

/**
 * Reads what stands behind `/stream/proxy`. By hand, because the name is decoration for players: whatever stands there
 * must not make the request fail.
 */
function readRequest(url: string): MediaRequest {
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  const [hash = '', index = '', ...rest] = path.split('/').slice(1)
  const infoHash = parseInfoHash(hash)
  if (!infoHash) throw new SelfStremeError('media.not_found', `"${hash.slice(0, 80)}" is no info hash`)
  if (!/^\d{0,9}$/.test(index)) {
    throw new SelfStremeError('media.not_found', `"${index.slice(0, 80)}" is no file index`)
  }
  return {
    infoHash,
    fileIdx: index === '' ? undefined : Number(index),
    name: decoded(rest.join('/')) || undefined,
    trackers: new URLSearchParams(query).getAll('tr').slice(0, MAX_TRACKERS),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
