export interface ManifestOptions {
  /** semver */
  readonly version: string
  /** origin that devices reach the server at, without a slash at the end; absent where nobody has asked yet */
  readonly baseUrl?: string
}

/** Catalogues the addon offers: one per type, so that each finds its place in Stremio. */
export const CATALOG_ID = 'selfstreme-films'
/** The same for what lies on the server's disk. */
export const LIBRARY_CATALOG_ID = 'selfstreme-library'

/** Ids the addon answers for: IMDb's, and those of the user's own entries. */
const ID_PREFIXES = ['tt', 'selfstreme:']

/**
 * What Stremio learns about the addon when it is installed. `id` and the prefix `selfstreme:` can never change:
 * installed addons and libraries refer to them.
 *
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/manifest.md
 */
export function createManifest({ version, baseUrl }: ManifestOptions) {
  const extra = [{ name: 'search' }, { name: 'skip' }]
  return {
    id: 'community.self-streme',
    version,
    name: 'self-streme',
    description:
      'Your own streaming server: computers and Android devices get the torrent, phones and TVs that cannot use one get a plain video.',
    ...(baseUrl === undefined
      ? {}
      : { logo: `${baseUrl}/logo.svg`, background: `${baseUrl}/background.svg` }),
    resources: ['catalog', 'meta', 'stream'],
    types: ['movie', 'series'],
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
