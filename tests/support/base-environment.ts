/** What a server or command of a test gets of this process' environment; the rest would be settings. */
export function baseEnvironment(): Record<string, string | undefined> {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  return { PATH, NODE_COMPILE_CACHE }
}
