/** The part of this process's environment that a server or command of a test gets; the rest could be settings. */
export function baseEnvironment(): Record<string, string | undefined> {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  return { PATH, NODE_COMPILE_CACHE }
}
