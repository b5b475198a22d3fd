export interface ManifestOptions {
  /** semver */
  readonly version: string
  /** origin that devices reach the server at, without a slash at the end; absent where nobody has asked yet */
  readonly baseUrl?: string
  /** what streams are known for besides films and series by their IMDb ids */
  readonly more?: { readonly types: readonly string[]; readonly idPrefixes: readonly string[] }
}

/** Catalogues the addon offers: one per type, so that each finds its place in Stremio. */
export const CATALOG_ID = 'selfstreme-films'
/** The same for what lies on the server's disk. */
export const LIBRARY_CATALOG_ID = 'selfstreme-library'

const TYPES = ['movie', 'series']
/** Ids the addon answers for: IMDb's, and those of the user's own entries. */
const ID_PREFIXES = ['tt', 'selfstreme:']

/**
 * What Stremio learns about the addon when it is installed. `id` and the prefix `selfstreme:` can never change:
 * installed addons and libraries refer to them.
 *
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/manifest.md
 */
export function createManifest({ version, baseUrl, more }: ManifestOptions) {
  const extra = [{ name: 'search' }, { name: 'skip' }]
  const types = [...TYPES, ...(more?.types ?? [])]
  const streams = { name: 'stream', types, idPrefixes: [...ID_PREFIXES, ...(more?.idPrefixes ?? [])] }
  return {
    id: 'community.self-streme',
    version,
    name: 'self-streme',
    description:
      'Your own streaming server: computers and Android devices get the torrent, phones and TVs that cannot use one get a plain video.',
    ...(baseUrl === undefined
      ? {}
      : { logo: `${baseUrl}/logo.svg`, background: `${baseUrl}/background.svg` }),
    // Only streams: what the films of other catalogues are called, they know better.
    resources: ['catalog', 'meta', more?.idPrefixes.length ? streams : 'stream'],
    types: more?.idPrefixes.length ? types : TYPES,
    idPrefixes: ID_PREFIXES,
    catalogs: [
      { type: 'movie', id: CATALOG_ID, name: 'self-streme', extra },
      { type: 'series', id: CATALOG_ID, name: 'self-streme', extra },
      { type: 'movie', id: LIBRARY_CATALOG_ID, name: 'On your server', extra },
      { type: 'series', id: LIBRARY_CATALOG_ID, name: 'On your server', extra },
    ],
    behaviorHints: { p2p: true, configurable: true },
  }
}
