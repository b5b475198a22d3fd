import { isPublicAddress, isPublicHost } from '../../domain/public-host.ts'
import { trackerEndpoint } from '../../domain/tracker-url.ts'
import type { Lookup } from './lookup-guard.ts'
import type { OwnTrackers } from './own-trackers.ts'

const MOST_REDIRECTS = 3
/** An answer with 200 peers has 2 kB; webtorrent would keep all that comes within 15 s in memory. */
const MOST_BYTES = 256 * 1024

/**
 * Keeps HTTP trackers and their redirects from leading to private hosts, and their answers short. A tracker that the
 * user named may redirect anywhere on its own host and port, and like all others to the internet and to the very URLs in
 * the settings.
 *
 * Call it before webtorrent is loaded, which keeps the `fetch` it finds.
 */
export function installFetchGuard(own: OwnTrackers, lookup: Lookup): void {
  const plainFetch = globalThis.fetch

  globalThis.fetch = async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input)
    const origin = own.has(withoutQuery(url)) ? url.origin : undefined
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      if (!(await mayFetch(url, origin))) throw new TypeError(`${url.host} is a private host`)
      const answer = await plainFetch(url, { ...init, redirect: 'manual' })
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || location === null) return shortened(answer)
      await answer.body?.cancel()
      url = new URL(location, url)
    }
    throw new TypeError(`${url.host} redirects too often`)
  }

  async function mayFetch(url: URL, ownOrigin: string | undefined): Promise<boolean> {
    if (!/^https?:$/.test(url.protocol) || url.username || url.password) return false
    const endpoint = trackerEndpoint(url.origin)
    if (!endpoint) return false
    if (!own.isAt(endpoint)) return isPublicHost(url.hostname)
    if (url.origin === ownOrigin || own.has(withoutQuery(url))) return true
    // The name of an own tracker is public as far as it tells, but may lead into the user's network.
    if (!isPublicHost(url.hostname)) return false
    return (await lookup(endpoint)).every(({ address }) => isPublicAddress(address))
  }
}

function withoutQuery({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}

function shortened(answer: Response): Response {
  if (!answer.body) return answer
  let bytes = 0
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, out) {
      bytes += chunk.length
      if (bytes > MOST_BYTES) out.error(new TypeError(`an answer of more than ${MOST_BYTES} bytes`))
      else out.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = answer
  return new Response(answer.body.pipeThrough(counted), { status, statusText, headers })
}
