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
