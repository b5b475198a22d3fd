import type { Log } from '../observe/log.ts'
import { type DeclaredIds, declaredIds } from './declared-ids.ts'
import { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts'
import { createMetadata, type Metadata } from './metadata.ts'
import { createAnswerReader } from './reading/answer-reader.ts'
import { createRemoteServer } from './remote-server.ts'
import type { Source } from './source.ts'
import { createTorrentLinks, type PrivateFiles } from './torrent-links.ts'
import { createTorznab } from './torznab.ts'
import { createUpstreamAddon } from './upstream-addon.ts'

export interface RemoteSourcesOptions {
  readonly addons: readonly { readonly url: string; readonly proxy?: string }[]
  readonly indexers: readonly { readonly url: string; readonly apiKey?: string; readonly proxy?: string }[]
  /** addon that provides titles; absent = no titles */
  readonly metadataUrl?: string | undefined
  readonly version: string
  /** identifies this self-streme among others */
  readonly instance: string
}

export interface RemoteSources extends AsyncDisposable {
  readonly sources: readonly Source[]
  /** titles for other uses */
  readonly metadata: Metadata | undefined
  /** titles for lists; absent if no source needs them */
  readonly titles?: Metadata | undefined
  /** ids that they may have streams for, in addition to IMDb's */
  readonly ids: DeclaredIds
}

/** All sources that the user configured. Each has its own fetcher: no source may reach another's private hosts. */
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
      // A search does not wait for dead links.
      const links = createTorrentLinks(createRemoteServer(name, out, reader), privateFiles, log)
      return createTorznab({ name, url, apiKey }, createRemoteServer(name, out, reader), links, metadata)
    }),
  ]
  const titles = sources.length > 0 ? metadata : undefined
  const ids = declaredIds(others)
  return { sources, metadata, titles, ids, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** @returns a name for the server at a URL: its host, which is not secret, numbered if there are several */
export function createSourceNamer(): (url: string) => string {
  const seen = new Map<string, number>()
  return (url) => {
    const { host } = new URL(url)
    const count = (seen.get(host) ?? 0) + 1
    seen.set(host, count)
    return count === 1 ? host : `${host} (${count})`
  }
}
