/** Where Stremio's own web apps and shells load their pages from. */
const STREMIO = [
  'https://web.stremio.com',
  'https://web.strem.io',
  'https://app.strem.io',
  'https://staging.strem.io',
  // The streaming server on the viewer's machine: the Linux shell loads the web app through it.
  'http://127.0.0.1:11470',
  'http://localhost:11470',
]

/** Sites whose pages may read lists. */
export interface Origins {
  /** whether that is every site */
  readonly areAll: boolean
  /** @param origin - as a browser sends it in `Origin` */
  allow(origin: string): boolean
}

/** @param others - beside Stremio's own: `scheme://host[:port]` in lower case, `null`, or `*` for every site */
export function originsWith(others: readonly string[]): Origins {
  const known = new Set([...STREMIO, ...others])
  const areAll = known.has('*')
  return { areAll, allow: (origin) => areAll || known.has(origin) }
}
