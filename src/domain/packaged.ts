/** The npm package holds JavaScript, as Node strips no types below `node_modules`; a checkout runs as it is. */
const isPackaged = import.meta.url.endsWith('.js')

/** What a person types before the name of a command. */
export const CALL = isPackaged ? 'npx self-streme' : 'npm run cli --'

/**
 * The file of a module that is started as a process or a thread. The compiler renames what is imported, but not this.
 *
 * @param source - the file in a checkout
 */
export function startedModule(source: URL): URL {
  return isPackaged ? new URL(source.href.replace(/\.ts$/, '.js')) : source
}
