import { Router } from 'express'
import { SelfStremeError } from '../domain/errors.ts'
import { parseInfoHash } from '../domain/info-hash.ts'
import { MAX_TRACKERS } from '../domain/tracker-url.ts'
import type { Log } from '../observe/log.ts'
import type { OpenMedia } from '../streaming/open-media.ts'
import { corsFor } from './cors.ts'
import { goneSignal } from './request-context.ts'
import { sendMedia } from './send-media.ts'

const PATH = '/stream/proxy/:infoHash{/:fileIdx}{/:name}'

/** `/stream/proxy/{infoHash}[/{fileIdx}[/{name}]][?tr=…]`: the video itself. */
export function streamRoutes(openMedia: OpenMedia, log: Log): Router {
  const router = Router({ strict: true })
  router.use('/stream/proxy', corsFor('GET, HEAD, OPTIONS'))

  router.get(PATH, async (req, res) => {
    const {
      infoHash: hash,
      fileIdx,
      name,
    } = req.params as { infoHash: string; fileIdx?: string; name?: string }
    const infoHash = parseInfoHash(hash)
    if (!infoHash) throw new SelfStremeError('media.not_found', `"${hash.slice(0, 80)}" is no info hash`)
    if (fileIdx !== undefined && !/^\d{1,9}$/.test(fileIdx)) {
      throw new SelfStremeError('media.not_found', `"${fileIdx.slice(0, 80)}" is no file index`)
    }

    const gone = goneSignal(res)
    const trackers = new URL(req.originalUrl, 'http://self').searchParams.getAll('tr').slice(0, MAX_TRACKERS)
    try {
      const index = fileIdx === undefined ? undefined : Number(fileIdx)
      await using media = await openMedia({ infoHash, fileIdx: index, name, trackers }, gone)
      await sendMedia(req, res, media, gone)
    } catch (error) {
      // A viewer who leaves, as players do at every seek, is a normal end.
      if (!gone.aborted) throw error
      log.debug('viewer left', { infoHash })
    }
  })
  return router
}
