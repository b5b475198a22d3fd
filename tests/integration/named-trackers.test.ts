import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startDnsServer } from '../support/dns-server.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const INFO_HASH = 'ab'.repeat(20)

// No name is resolved: the lookups show which trackers are asked.
test('links of strangers add five trackers each, and do not displace those that a film was listed with', async () => {
  await using folder = await temporaryFolder()
  const films = join(folder.path, 'films.json')
  const listed = named('listed', 12)
  const film = { id: 'tt0000001', type: 'movie', name: 'One', infoHash: INFO_HASH, trackers: listed }
  await writeFile(films, JSON.stringify([film]))
  await using dns = await startDnsServer()
  const settings = { FILMS_FILE: films, TORRENT_TIMEOUT: '2000', TORRENT_MAX_RETRIES: '50' }
  await using app = await startTestApp(settings, { nameServers: [dns.address] })
  const leaving = new AbortController()
  const ask = (url: string) => void fetch(url, { signal: leaving.signal }).catch(() => undefined)
  const link = (trackers: readonly string[]) =>
    `${app.url}/stream/proxy/${INFO_HASH}?${new URLSearchParams(trackers.map((tr): [string, string] => ['tr', tr]))}`

  ask(link(named('first', 20)))
  ask(link(named('second', 20)))
  const list = (await (await fetch(`${app.url}/proxy/stream/movie/tt0000001.json`)).json()) as {
    readonly streams: readonly { readonly url: string }[]
  }
  const url = list.streams.find((stream) => stream.url.includes(INFO_HASH))?.url ?? ''
  expect(new URL(url).searchParams.getAll('tr')).toEqual(listed)
  ask(url)
  ask(link(named('third', 20)))

  const asked = (name: string) => new Set(dns.asked.filter((each) => each.startsWith(name))).size
  await expect.poll(() => asked('listed')).toBe(12)
  // Names are looked up in order: all of this film's before those of another.
  ask(link(named('other', 1)).replace(INFO_HASH, 'cd'.repeat(20)))
  await expect.poll(() => asked('other')).toBe(1)
  expect(asked('first') + asked('second') + asked('third')).toBe(5)
  leaving.abort()
})

function named(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `udp://${name}${index}.example.org:1337`)
}
