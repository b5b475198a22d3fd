import { trackerEndpoint } from '../../domain/bittorrent/tracker-url.ts'
import { isPublicAddress, isPublicHost } from '../../domain/clients/public-host.ts'
import type { Lookup } from './lookup-guard.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { readableAnswer } from './tracker-answer.ts'

const MAX_REDIRECTS = 3
/** An answer with 200 peers has 2 kB. By default, webtorrent buffers all that arrives within 15 s. */
const MAX_ANSWER_BYTES = 256 * 1024

/**
 * Keeps HTTP trackers and their redirects away from private hosts, and limits their answers. All trackers may redirect to
 * public hosts and to the URLs in the settings; a tracker named in the settings also to its own host and port.
 *
 * An answer is read to its end here: bittorrent-tracker reads it in a promise that is not awaited, so an answer that
 * breaks off would end the process.
 *
 * Call it before webtorrent is loaded, which keeps a reference to `fetch`.
 */
export function installFetchGuard(own: OwnTrackers, lookup: Lookup): void {
  const plainFetch = globalThis.fetch

  globalThis.fetch = async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input)
    const origin = own.has(withoutQuery(url)) ? url.origin : undefined
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      if (!(await mayFetch(url, origin))) throw new TypeError(`${url.host} is a private host`)
      const answer = await plainFetch(url, { ...init, redirect: 'manual' })
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || location === null) return readable(answer)
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
    // A tracker of the user may have a public name that resolves to a private address.
    if (!isPublicHost(url.hostname)) return false
    return (await lookup(endpoint)).every(({ address }) => isPublicAddress(address))
  }
}

function withoutQuery({ origin, pathname }: URL): string {
  return `${origin}${pathname}`
}

async function readable(answer: Response): Promise<Response> {
  const { status, statusText, headers } = answer
  const body = await readShort(answer)
  return new Response(isBodiless(status) ? null : readableAnswer(body), { status, statusText, headers })
}

/** @see https://fetch.spec.whatwg.org/#null-body-status */
function isBodiless(status: number): boolean {
  return [101, 103, 204, 205, 304].includes(status)
}

/** @throws TypeError if the answer is longer than {@link MAX_ANSWER_BYTES} */
async function readShort(answer: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new TypeError(`the answer has more than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
