import type { Log } from '../observe/log.ts'
import { type DeclaredIds, declaredIds } from './declared-ids.ts'
import { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts'
import { createMetadata, type Metadata } from './metadata.ts'
import { createAnswerReader } from './reading/answer-reader.ts'
import { createRemoteServer } from './remote-server.ts'
import type { Source } from './source.ts'
import { createSourceNamer } from './source-namer.ts'
import { createTorrentLinks, type PrivateFiles } from './torrent-links.ts'
import { createTorznab } from './torznab.ts'
import { createUpstreamAddon } from './upstream-addon.ts'

export interface RemoteSourcesOptions {
  readonly addons: readonly { readonly url: string; readonly proxy?: string }[]
  readonly indexers: readonly { readonly url: string; readonly apiKey?: string; readonly proxy?: string }[]
  /** knows what films are called; absent = nobody does */
  readonly metadataUrl?: string | undefined
  readonly version: string
  /** which self-streme we are, among others */
  readonly instance: string
}

export interface RemoteSources extends AsyncDisposable {
  readonly sources: readonly Source[]
  /** what films are called, for whoever else wants to know */
  readonly metadata: Metadata | undefined
  /** the same for lists; absent where nobody is asked for anything */
  readonly titles?: Metadata | undefined
  /** the ids that they may know streams for, besides IMDb's */
  readonly ids: DeclaredIds
}

/** All sources that the user named. Each has its own way out: what one of them may reach, no other may. */
export function openRemoteSources(
  options: RemoteSourcesOptions,
  privateFiles: PrivateFiles,
  log: Log,
): RemoteSources {
  const { addons, indexers, metadataUrl, version, instance } = options
  const opened = new AsyncDisposableStack()
  const reader = opened.use(createAnswerReader())
  const wayOut = (url: string, proxy?: string): GuardedFetch =>
    opened.use(createGuardedFetch({ trusted: [url], proxy, userAgent: `self-streme/${version}` }))

  const metadata =
    metadataUrl === undefined
      ? undefined
      : createMetadata({ url: metadataUrl }, createRemoteServer('metadata', wayOut(metadataUrl), reader))
  const nameOf = createSourceNamer()
  const others = addons.map(({ url, proxy }) => {
    const name = nameOf(url)
    const server = createRemoteServer(name, wayOut(url, proxy), reader)
    return createUpstreamAddon({ name, url, instance }, server, log)
  })
  const sources = [
    ...others,
    ...indexers.map(({ url, apiKey, proxy }) => {
      const name = nameOf(url)
      const out = wayOut(url, proxy)
      // Searches do not wait for links that lead nowhere.
      const links = createTorrentLinks(createRemoteServer(name, out, reader), privateFiles, log)
      return createTorznab({ name, url, apiKey }, createRemoteServer(name, out, reader), links, metadata)
    }),
  ]
  const titles = sources.length > 0 ? metadata : undefined
  const ids = declaredIds(others)
  return { sources, metadata, titles, ids, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}
