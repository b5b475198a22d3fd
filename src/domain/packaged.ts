/** The npm package holds JavaScript, as Node strips no types below `node_modules`; a checkout holds TypeScript. */
const isPackaged = import.meta.url.endsWith('.js')

/** How the command line is called. */
export const CALL = isPackaged ? 'npx self-streme' : 'npm run cli --'

/**
 * The file of a module that is started as a process or thread. The compiler rewrites the extensions of imports, but not
 * of such URLs.
 *
 * @param source - the file in a checkout
 */
export function startedModule(source: URL): URL {
  return isPackaged ? new URL(source.href.replace(/\.ts$/, '.js')) : source
}
