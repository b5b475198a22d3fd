/** Origins of Stremio's own web apps and shells. */
const STREMIO = [
  'https://web.stremio.com',
  'https://web.strem.io',
  'https://app.strem.io',
  'https://staging.strem.io',
  // The streaming server on the viewer's machine: the Linux shell loads the web app from it.
  'http://127.0.0.1:11470',
  'http://localhost:11470',
]

/** Sites whose pages may read lists. */
export interface Origins {
  /** whether every site is allowed */
  readonly areAll: boolean
  /** @param origin - value of the `Origin` header */
  allow(origin: string): boolean
}

/** @param others - in addition to Stremio's own: `scheme://host[:port]` in lower case, `null`, or `*` for every site */
export function originsWith(others: readonly string[]): Origins {
  const known = new Set([...STREMIO, ...others])
  const areAll = known.has('*')
  return { areAll, allow: (origin) => areAll || known.has(origin) }
}
