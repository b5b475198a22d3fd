import type { TorrentEntry } from '../../src/admin/describe.ts'
import { AS_OWNER } from './owner.ts'

/** An answer of the owner's API. */
export interface ApiAnswer<T> {
  readonly status: number
  readonly body: T & { readonly error?: string; readonly message?: string }
}

/** Calls the owner's API of a server. */
export function apiOf(url: string) {
  async function ask<T>(method: string, path: string, init: RequestInit = {}): Promise<ApiAnswer<T>> {
    const headers = { ...AS_OWNER, ...(init.headers as Record<string, string> | undefined) }
    const answer = await fetch(`${url}${path}`, { method, ...init, headers })
    return { status: answer.status, body: (await answer.json()) as ApiAnswer<T>['body'] }
  }
  return {
    ask,
    add: (addition: object) =>
      ask<TorrentEntry>('POST', '/api/torrents', {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(addition),
      }),
    upload: (torrentFile: Uint8Array, query = '') =>
      ask<TorrentEntry>('POST', `/api/torrents${query}`, {
        headers: { 'Content-Type': 'application/x-bittorrent' },
        body: new Uint8Array(torrentFile),
      }),
    list: async () => (await ask<{ torrents: TorrentEntry[] }>('GET', '/api/torrents')).body.torrents,
    get: (infoHash: string) => ask<TorrentEntry>('GET', `/api/torrents/${infoHash}`),
    remove: (infoHash: string, query = '') =>
      ask<{ removed?: number; freedBytes?: number; keptAt?: string }>(
        'DELETE',
        `/api/torrents/${infoHash}${query}`,
      ),
    pin: (infoHash: string) => ask<TorrentEntry>('PUT', `/api/torrents/${infoHash}/pin`),
    unpin: (infoHash: string) => ask<TorrentEntry>('DELETE', `/api/torrents/${infoHash}/pin`),
    cleanUp: () =>
      ask<{ removed: number; kept: { infoHash: string; why: string }[] }>('POST', '/admin/cleanup'),
  }
}
