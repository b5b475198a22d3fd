import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const FILM = { type: 'movie', infoHash: 'a'.repeat(40) }
const FILMS = [
  { ...FILM, id: 'selfstreme:harbor', name: 'Copper <Harbor> & Co', year: 2023 },
  { ...FILM, id: 'selfstreme:a.b-c_d', name: 'Мідна гавань' },
  { ...FILM, id: 'tt9000001', name: 'With a poster', poster: 'https://films.example.org/p.jpg' },
  { ...FILM, id: 'tt9000002', name: 'Nameless Bay' },
  { ...FILM, id: 'selfstreme:show', type: 'series', name: 'Show', season: 1, episode: 1, fileIdx: 0 },
]

interface Row {
  readonly id: string
  readonly name: string
  readonly poster?: string
}

const resources = new AsyncDisposableStack()
let url: string

beforeAll(async () => {
  const folder = resources.use(await temporaryFolder()).path
  await writeFile(join(folder, 'films.json'), JSON.stringify(FILMS))
  const media = join(folder, 'media')
  await mkdir(media)
  for (const name of ['Quiet Pier (2019).mkv', 'Lighthouse S01E02.mkv']) {
    await writeFile(join(media, name), patternBytes(2_000_000, name))
    await utimes(join(media, name), 1_000_000, 1_000_000)
  }
  const app = await startTestApp({ FILMS_FILE: join(folder, 'films.json'), MEDIA_PATH: media })
  url = resources.use(app).url
})
afterAll(() => resources.disposeAsync())

async function rows(path: string): Promise<readonly Row[]> {
  return ((await send(url + path)).json as { metas: readonly Row[] }).metas
}

test('every row of a catalogue has a poster, and our own posters show its name', async () => {
  const catalogs = ['movie', 'series'].flatMap((type) =>
    ['films', 'library'].map((id) => `/catalog/${type}/selfstreme-${id}.json`),
  )
  await expect.poll(async () => (await rows('/catalog/movie/selfstreme-library.json')).length).toBe(1)
  const all = (await Promise.all(catalogs.map(rows))).flat()
  const ours = all.filter(({ poster }) => poster?.startsWith(`${url}/poster/`))
  expect(all.every(({ poster }) => poster !== undefined)).toBe(true)
  expect(ours.map(({ name }) => name).toSorted()).toEqual([
    'Copper <Harbor> & Co',
    'Lighthouse',
    'Nameless Bay',
    'Quiet Pier',
    'Show',
    'Мідна гавань',
  ])
  for (const { name, poster = '' } of ours) {
    const { status, text, headers } = await send(poster)
    expect([status, headers['content-type']]).toEqual([200, 'image/svg+xml; charset=utf-8'])
    for (const word of name.split(' '))
      expect(text).toContain(word.replace(/&/, '&amp;').replace(/<(.*)>/, '&lt;$1&gt;'))
  }
  const { meta } = (await send(`${url}/meta/movie/selfstreme%3Aharbor.json`)).json as { meta: Row }
  expect(meta.poster).toBe(`${url}/poster/movie/selfstreme%3Aharbor.svg`)
})

test.for([
  '/poster/movie/selfstreme%3Aharbor.svg',
  '/poster/movie/tt0.svg',
  '/poster/other/%3Cscript%3E.svg',
  '/poster/movie/selfstreme:harbor.svg',
])('%s cannot run code, has a fixed content type, and is cached for a while', async (path) => {
  for (const method of ['GET', 'HEAD']) {
    const { status, headers } = await send(url + path, { method })
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'image/svg+xml; charset=utf-8',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, max-age=3600',
    })
  }
})

test.for(['movie/tt0', 'movie/selfstreme%3Anone', 'series/selfstreme%3Aharbor', 'x/y'])(
  'the poster for %s, which does not exist, tells nothing else',
  async (path) => {
    const embedded = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image' }
    const known = await send(`${url}/poster/movie/tt9000002.svg`, { headers: embedded })
    const unknown = await send(`${url}/poster/${path}.svg`, { headers: embedded })
    expect(unknown.text).toContain('self-streme')
    expect(unknown.text).not.toContain('Nameless')
    const lookOf = ({ status, text, headers }: typeof known) => {
      const { 'content-length': _, date: __, ...others } = headers
      return [status, /<svg[^>]*>/.exec(text)?.[0], others]
    }
    expect(lookOf(unknown)).toEqual(lookOf(known))
  },
)

test.for(['POST', 'PUT', 'DELETE'])('%s is not a method for posters', async (method) => {
  expect((await send(`${url}/poster/movie/tt0.svg`, { method })).status).toBe(405)
})

test.for([
  '/poster',
  '/poster/',
  '/poster/movie',
  '/poster/movie/tt0',
  '/poster/movie/tt0.png',
  '/poster/movie/tt0.svg/',
])('%s is not a poster', async (path) => {
  expect((await send(url + path)).status).toBe(404)
})
