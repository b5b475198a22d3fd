import { ASKER_HEADER } from '../domain/list/asker-header.ts'
import { isCatalogueId, isOtherId, writeVideoId } from '../domain/video-id.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Log } from '../observe/log.ts'
import { type AddonManifest, hasStreams, names, type StreamResource } from './addon-manifest.ts'
import { assertOk } from './assert-ok.ts'
import { cachedValue } from './cached-value.ts'
import type { RemoteServer } from './remote-server.ts'
import type { Source } from './source.ts'

export interface UpstreamAddonOptions {
  readonly name: string
  /** of its manifest: ends in `/manifest.json`, possibly followed by a query */
  readonly url: string
  /** identifies this self-streme, see {@link ASKER_HEADER} */
  readonly instance: string
}

export interface UpstreamAddon extends Source {
  /** the streams that it announces; none if it is this server itself */
  resources(): Promise<readonly StreamResource[]>
}

const MANIFEST_LIMITS = { timeoutMs: 15_000, maxBytes: 1024 * 1024 }
/** A stream takes one or two kilobytes; at most 500 are used. */
const STREAMS_LIMITS = { timeoutMs: 25_000, maxBytes: 2 * 1024 * 1024 }
const MANIFEST_FRESH_MS = 3_600_000
/** RFC 5842 §7.2 */
const LOOP_DETECTED = 508

/** Types under which Stremio may list it; anime catalogues have their own. */
const TYPES = { movie: ['movie', 'anime'], episode: ['series', 'anime'] } as const

/**
 * Another addon, asked as Stremio would.
 *
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/protocol.md
 */
export function createUpstreamAddon(
  options: UpstreamAddonOptions,
  server: RemoteServer,
  log: Log,
): UpstreamAddon {
  const { name, url } = options
  const headers = { [ASKER_HEADER]: options.instance }
  const manifest = cachedValue(loadManifest, (it) => (it ? MANIFEST_FRESH_MS : Number.POSITIVE_INFINITY))

  /** the manifest as of the last fetch */
  let loaded: AddonManifest | undefined

  /** @returns `undefined` if the addon is this server */
  async function loadManifest(): Promise<AddonManifest | undefined> {
    const { signal } = new AbortController()
    const request = { url, limits: MANIFEST_LIMITS, headers }
    const known = await server.ask(request, signal, async (answer, read) => {
      if (answer.status === LOOP_DETECTED) return undefined
      assertOk(answer)
      return read('manifest', undefined)
    })
    if (!known) log.warn('UPSTREAM_ADDONS names this server; the entry is ignored', { source: name })
    loaded = known
    return known
  }

  return {
    name,
    kind: 'addon',
    // Ids of the user's own films are not sent to other addons: they are private.
    knows: ({ id }) => isCatalogueId(id) || (isOtherId(id) && (loaded === undefined || names(loaded, id))),
    async resources() {
      return (await manifest())?.streams ?? []
    },
    async find(video, signal) {
      const isOfCatalogue = isCatalogueId(video.id)
      if (!isOfCatalogue && !isOtherId(video.id)) return []
      const id = writeVideoId(video)
      const known = await untilAborted(manifest(), signal)
      if (!isOfCatalogue && !(known && names(known, id))) return []
      const type = TYPES[video.kind].find((each) => known && hasStreams(known, each, id))
      if (type === undefined) return []
      const path = `/stream/${type}/${encodeURIComponent(id)}.json`
      const address = url.replace(/\/manifest\.json(?=$|\?)/, () => path)
      const request = { url: address, limits: STREAMS_LIMITS, headers }
      return server.ask(request, signal, async (answer, read) => {
        if (answer.status === 404) return []
        assertOk(answer)
        return read('streams', video)
      })
    },
  }
}
