import type { RequestListener } from 'node:http'
import AddonBuilder from 'stremio-addon-sdk/src/builder.js'
import getRouter from 'stremio-addon-sdk/src/getRouter.js'
import { type LocalServer, startLocalServer } from './local-server.ts'

export interface OtherAddonOptions {
  /** streams by type and id: `series/tt1:1:2`; a missing id has no streams */
  readonly streams?: Readonly<Record<string, readonly object[]>>
  /** fields that replace those of its manifest */
  readonly manifest?: Readonly<Record<string, unknown>>
  /** answers in place of the SDK, if given */
  readonly onManifest?: RequestListener | undefined
  readonly onStreams?: RequestListener | undefined
}

export interface OtherAddon extends LocalServer {
  readonly manifestUrl: string
}

/** Another addon, built with Stremio's own SDK. */
export async function startOtherAddon(options: OtherAddonOptions = {}): Promise<OtherAddon> {
  const builder = new AddonBuilder({
    id: 'org.example.other',
    version: '1.0.0',
    name: 'Other',
    description: 'Another addon',
    resources: ['stream'],
    types: ['movie', 'series'],
    idPrefixes: ['tt'],
    catalogs: [],
    ...options.manifest,
  }).defineStreamHandler(({ type, id }) =>
    Promise.resolve({ streams: options.streams?.[`${type}/${id}`] ?? [] }),
  )
  const route = getRouter(builder.getInterface())
  const server = await startLocalServer((req, res) => {
    const { onManifest, onStreams } = options
    if (onManifest && req.url?.includes('/manifest.json')) return onManifest(req, res)
    if (onStreams && req.url?.includes('/stream/')) return onStreams(req, res)
    route(req, res, () => res.writeHead(404).end())
  })
  return Object.assign(server, { manifestUrl: `${server.url}/manifest.json` })
}
