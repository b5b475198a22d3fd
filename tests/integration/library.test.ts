import { mkdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import client from 'stremio-addon-client'
import { describe, expect, test } from 'vitest'
import type { LibraryFile } from '../../src/library/library-file.ts'
import { openMediaFolders } from '../../src/library/media-folders.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { getRange } from '../support/http-client.ts'
import { startLocalServer } from '../support/local-server.ts'
import { patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { recordingLog } from '../support/recording-log.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) QtWebEngine/5.15.8 StremioShell/4.4.168'
const bytes = patternBytes(MIB + 4_321)
const soon = { timeout: 10_000 }

interface Row {
  readonly id: string
  readonly name: string
}

interface Stream {
  readonly description: string
  readonly url?: string
  readonly infoHash?: string
  readonly behaviorHints: { readonly filename?: string }
}

/** Videos of one mebibyte, not written to recently; the first one is the newest. */
async function putVideos(root: string, ...paths: readonly string[]): Promise<void> {
  for (const [index, path] of paths.entries()) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), '')
    await truncate(join(root, path), MIB)
    const long = new Date(Date.UTC(2024, 0, 1) - index * 1_000)
    await utimes(join(root, path), long, long)
  }
}

async function rows(url: string, type: string, extra = ''): Promise<Row[]> {
  const answer = await send(`${url}/catalog/${type}/selfstreme-library${extra}.json`)
  return (answer.json as { metas: Row[] }).metas
}

async function streams(url: string, video: string, userAgent = IPHONE): Promise<Stream[]> {
  const answer = await send(`${url}/stream/${video}.json`, { headers: { 'User-Agent': userAgent } })
  return (answer.json as { streams: Stream[] }).streams
}

/** A metadata service with these titles, like Cinemeta. */
function startMetadata(titles: Readonly<Record<string, object>>) {
  return startLocalServer((req, res) => {
    const meta = titles[/\/meta\/(.*)\.json$/.exec(req.url ?? '')?.[1] ?? '']
    res.end(JSON.stringify({ meta: meta ?? null }))
  })
}

/** A server with a media folder that has these files. */
async function openLibrary(paths: readonly string[], settings: Readonly<Record<string, string>> = {}) {
  await using opening = new AsyncDisposableStack()
  const { path: root } = opening.use(await temporaryFolder())
  await putVideos(root, ...paths)
  const { url, folder } = opening.use(await startTestApp({ MEDIA_PATH: root, ...settings }))
  const parts = opening.move()
  return { root, url, folder, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

describe('the catalogue of the library', () => {
  test('lists each film and series of the media folder once, the newest first', async () => {
    await using at = await openLibrary([
      'Film (2010)/Film.2010.1080p.mkv',
      'Older (1999) {imdb-tt0133093}.mkv',
      'Film.2010.720p.mkv',
      'Show/Season 1/01 - One.mkv',
      'Show/Season 1/02 - Two.mkv',
    ])
    await expect.poll(() => rows(at.url, 'movie'), soon).toHaveLength(2)
    expect(await rows(at.url, 'movie')).toMatchObject([
      { name: 'Film', releaseInfo: '2010', id: expect.stringMatching(/^selfstreme:lib-/) },
      { name: 'Older', id: 'tt0133093' },
    ])
    await expect.poll(() => rows(at.url, 'series'), soon).toMatchObject([{ name: 'Show', type: 'series' }])
  })

  test('is searched without case and accents, and has pages of a hundred', async () => {
    const many = Array.from({ length: 120 }, (_, n) => `Many ${n} (2001).mkv`)
    await using at = await openLibrary(['Les Misérables (2012).mkv', ...many])
    await expect.poll(() => rows(at.url, 'movie', '/skip=100'), soon).toHaveLength(21)
    const names = [...(await rows(at.url, 'movie')), ...(await rows(at.url, 'movie', '/skip=100'))]
    expect(new Set(names.map(({ id }) => id)).size).toBe(121)
    expect(await rows(at.url, 'movie', '/skip=200')).toEqual([])
    for (const search of ['MISERABLES', 'mis%C3%A9rab', 'les%20mise'])
      expect(await rows(at.url, 'movie', `/search=${search}`)).toMatchObject([{ name: 'Les Misérables' }])
    expect(await rows(at.url, 'movie', '/search=many&skip=100')).toHaveLength(20)
  })

  test('is read by the official client, from the row to the video', async () => {
    await using at = await openLibrary(['Show/Season 2/05 - Five.mkv', 'Show/Season 2/06 - Six.mkv'])
    await expect.poll(() => rows(at.url, 'series'), soon).toHaveLength(1)
    const { addon } = await client.detectFromURL(`${at.url}/proxy/manifest.json`)
    if (!addon) throw new Error('the client sees no addon')
    const { metas } = await addon.get('catalog', 'series', 'selfstreme-library')
    const id = metas[0]?.id ?? ''
    expect(addon.isSupported('meta', 'series', id)).toBe(true)
    const { meta } = (await addon.get('meta', 'series', id)) as unknown as {
      meta: { name: string; videos: { id: string; season: number; episode: number }[] }
    }
    expect(meta).toMatchObject({
      name: 'Show',
      videos: [
        { season: 2, episode: 5 },
        { season: 2, episode: 6 },
      ],
    })
    const video = meta.videos[1]?.id ?? ''
    expect(addon.isSupported('stream', 'series', video)).toBe(true)
    const found = await addon.get('stream', 'series', video)
    expect(found.streams).toMatchObject([{ behaviorHints: { filename: '06 - Six.mkv' } }])
  })
})

describe('a film of the library is listed', () => {
  test('for its IMDb id, by its title, and for no other film or episode', async () => {
    await using metadata = await startMetadata({
      'movie/tt1234567': { name: 'The Film', year: '2010' },
      'movie/tt7654321': { name: 'The Film', year: '1984' },
      'series/tt5': { name: 'Show', releaseInfo: '2005–2010', videos: [] },
    })
    await using at = await openLibrary(
      ['Film (2010)/film.mkv', 'Film 2 (2010).mkv', 'Show/S01E01.mkv', 'Show/S01E02.mkv'],
      { METADATA_URL: metadata.url },
    )
    await expect
      .poll(() => streams(at.url, 'movie/tt1234567'), soon)
      .toMatchObject([{ behaviorHints: { filename: 'film.mkv' } }])
    expect(await streams(at.url, 'movie/tt7654321')).toEqual([])
    await expect
      .poll(() => streams(at.url, 'series/tt5:1:2'), soon)
      .toMatchObject([{ behaviorHints: { filename: 'S01E02.mkv' } }])
    expect(await streams(at.url, 'series/tt5:2:1')).toEqual([])
  })

  test('for the id in its name or in a note beside it, without a metadata service', async () => {
    await using at = await openLibrary([
      'Film (2010) {imdb-tt1234567}/a.mkv',
      'Other/Other.mkv',
      'Show/S01/01.mkv',
    ])
    await writeFile(
      join(at.root, 'Other/movie.nfo'),
      '<movie><uniqueid type="imdb">tt7654321</uniqueid></movie>',
    )
    await writeFile(join(at.root, 'Show/tvshow.nfo'), 'https://www.imdb.com/title/tt0000005/')
    for (const video of ['movie/tt1234567', 'movie/tt7654321', 'series/tt0000005:1:1'])
      await expect.poll(() => streams(at.url, video), soon).toHaveLength(1)
  })

  test('for every device as a video of this server, because no swarm has it', async () => {
    await using at = await openLibrary(['Film {imdb-tt1234567}.mkv'])
    await expect.poll(() => streams(at.url, 'movie/tt1234567'), soon).toHaveLength(1)
    for (const path of ['', '/magnet', '/both', '/proxy']) {
      const [stream, ...others] = await streams(at.url + path, 'movie/tt1234567', DESKTOP)
      expect(stream?.url).toMatch(/\/stream\/proxy\/[0-9a-f]{40}\/0\/Film%20/)
      expect(stream).not.toHaveProperty('infoHash')
      expect(stream?.description).toContain('⚡ on disk')
      expect(others).toEqual([])
    }
  })

  test('when it is in the download folder, fetched or placed there', async () => {
    await using folder = await temporaryFolder()
    const { infoHash } = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Fetched.2010.{imdb-tt1234567}.mkv', bytes }],
    })
    const [single, pack] = ['b'.repeat(40), 'c'.repeat(40)]
    await putVideos(
      folder.path,
      `Placed (2011) {imdb-tt7654321} [${single}].mp4`,
      `Show {imdb-tt0000005} [${pack}]/S01E01.mkv`,
      `Show {imdb-tt0000005} [${pack}]/S01E02.mkv`,
    )
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    expect(await streams(app.url, 'movie/tt1234567', DESKTOP)).toMatchObject([{ infoHash, fileIdx: 0 }])
    expect(await streams(app.url, 'movie/tt7654321', DESKTOP)).toMatchObject([{ infoHash: single }])
    const [second] = await streams(app.url, 'series/tt0000005:1:2', DESKTOP)
    expect(second?.behaviorHints.filename).toBe('S01E02.mkv')
    expect((await send(second?.url ?? '', { method: 'HEAD' })).headers['content-length']).toBe(String(MIB))
    const names = (await rows(app.url, 'movie')).map(({ name }) => name)
    expect(names.toSorted()).toEqual(['Fetched', 'Placed'])
  })

  test('under the id that the user gave its torrent', async () => {
    await using folder = await temporaryFolder()
    const { infoHash } = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'nothing-to-guess.mkv', bytes }],
    })
    const file = join(folder.path, 'films.json')
    await writeFile(file, JSON.stringify([{ id: 'tt9', type: 'movie', name: 'Given', year: 2001, infoHash }]))
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path, FILMS_FILE: file })
    expect(await rows(app.url, 'movie')).toMatchObject([{ id: 'tt9', name: 'Given', releaseInfo: '2001' }])
  })
})

describe('a file of the media folder', () => {
  test('is served completely and in ranges, unchanged', async () => {
    await using at = await openLibrary([])
    await writeFile(join(at.root, 'Ünique film {imdb-tt1234567}.mkv'), bytes)
    await expect.poll(() => streams(at.url, 'movie/tt1234567'), soon).toHaveLength(1)
    const [stream] = await streams(at.url, 'movie/tt1234567')
    const url = stream?.url ?? ''
    const whole = await send(url)
    expect(sha256(whole.body)).toBe(sha256(bytes))
    expect(whole.headers).toMatchObject({
      'content-type': 'video/x-matroska',
      etag: expect.stringMatching(/^".+"$/),
    })
    expect(sha256(await getRange(url, 1_000_000, MIB + 100))).toBe(
      sha256(bytes.subarray(1_000_000, MIB + 101)),
    )
    const again = await send(url, { headers: { 'If-None-Match': whole.headers.etag ?? '' } })
    expect(again.status).toBe(304)
    const other = await send(url.replace('/0/', '/1/'))
    expect(other.status).toBe(404)
  })

  test('that was removed is searched for nowhere else', async () => {
    await using at = await openLibrary(['Film {imdb-tt1234567}.mkv'])
    await expect.poll(() => streams(at.url, 'movie/tt1234567'), soon).toHaveLength(1)
    const [stream] = await streams(at.url, 'movie/tt1234567')
    await rm(join(at.root, 'Film {imdb-tt1234567}.mkv'))
    const began = performance.now()
    expect((await send(stream?.url ?? '')).status).toBe(404)
    // A search for peers would last as long as TORRENT_TIMEOUT: two minutes.
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  test('has the same address after a restart, and after its folder was moved', async () => {
    await using folder = await temporaryFolder()
    const [before, after] = [join(folder.path, 'a', 'films'), join(folder.path, 'b', 'films')]
    await putVideos(before, 'Film {imdb-tt1234567}.mkv')
    const paths: string[] = []
    for (const root of [before, after]) {
      await mkdir(dirname(root), { recursive: true })
      if (root === after) await rename(before, after)
      await using app = await startTestApp({ MEDIA_PATH: root })
      await expect.poll(() => streams(app.url, 'movie/tt1234567'), soon).toHaveLength(1)
      paths.push(new URL((await streams(app.url, 'movie/tt1234567'))[0]?.url ?? '').pathname)
    }
    expect(paths[0]).toBe(paths[1])
  })
})

describe('media folders while the server runs', () => {
  test('are watched for new films and folders, and for their removal', async () => {
    await using elsewhere = await temporaryFolder()
    await putVideos(elsewhere.path, 'Show/Season 1/01.mkv')
    await using at = await openLibrary(['One.mkv'])
    const names = async () =>
      [...(await rows(at.url, 'movie')), ...(await rows(at.url, 'series'))].map(({ name }) => name)
    await expect.poll(names, soon).toEqual(['One'])
    await putVideos(at.root, 'Two/Two.mkv')
    await rename(join(elsewhere.path, 'Show'), join(at.root, 'Show'))
    await expect.poll(async () => (await names()).toSorted(), soon).toEqual(['One', 'Show', 'Two'])
    await rm(join(at.root, 'Two'), { recursive: true })
    await rm(join(at.root, 'One.mkv'))
    await rename(join(at.root, 'Show'), join(elsewhere.path, 'Show'))
    await expect.poll(names, soon).toEqual([])
  })

  test('may be on a missing disk without preventing the start', async () => {
    await using folder = await temporaryFolder()
    await putVideos(folder.path, 'there/One.mkv')
    const paths = [join(folder.path, 'absent'), join(folder.path, 'there')]
    await using app = await startTestApp({ MEDIA_PATH: paths.join(',') })
    await expect.poll(() => rows(app.url, 'movie'), soon).toHaveLength(1)
  })
})

test('are scanned again when their disk is removed and returns', async () => {
  await using folder = await temporaryFolder()
  const [root, elsewhere] = [join(folder.path, 'disk'), join(folder.path, 'elsewhere')]
  const { log } = recordingLog()
  await using media = openMediaFolders({ paths: [root], leftOut: '', checkMs: 50 }, log)
  await putVideos(elsewhere, 'Show/01.mkv', 'Film.mkv')
  const count = () => media.files().length
  for (const there of [true, false, true]) {
    if (there) await rename(elsewhere, root)
    else await rename(root, elsewhere)
    await expect.poll(count, soon).toBe(there ? 2 : 0)
  }
})

describe('a media folder', () => {
  async function found(
    prepare: (root: string) => Promise<void>,
    more: readonly string[] = [],
  ): Promise<LibraryFile[]> {
    await using folder = await temporaryFolder()
    await prepare(folder.path)
    const paths = [folder.path, ...more.map((each) => join(folder.path, each))]
    const { log } = recordingLog()
    await using media = openMediaFolders({ paths, leftOut: join(folder.path, 'downloads') }, log)
    await media.loaded
    return media.files()
  }

  test('is scanned without hidden files, trash, samples and small files', async () => {
    const files = await found(async (root) => {
      await putVideos(
        root,
        'Film (2010)/Film (2010).mkv',
        'Film (2010)/Sample/film.mkv',
        'Film (2010)/Film (2010)-trailer.mkv',
        'Film (2010)/Extras/making of.mkv',
        '.hidden/A.mkv',
        '@eaDir/B.mkv',
        '#recycle/C.mkv',
        '#Alive (2020)/film.mkv',
        '$RECYCLE.BIN/D.mkv',
        '.Trash-1000/E.mkv',
        'lost+found/F.mkv',
        '._Film.mkv',
        'downloads/G.mkv',
        'torrent/H.mkv',
        'not a video.txt',
        `${Array.from({ length: 20 }, () => 'deep').join('/')}/I.mkv`,
      )
      await mkdir(join(root, 'torrent/.self-streme'))
      await writeFile(join(root, 'small.mkv'), 'x')
      await symlink(root, join(root, 'round and round'))
    })
    expect(files.map(({ path }) => path).toSorted()).toEqual([
      '#Alive (2020)/film.mkv',
      'Film (2010)/Film (2010).mkv',
    ])
  })

  test('inside another one is scanned once', async () => {
    expect(await found((root) => putVideos(root, 'films/Film.mkv'), ['films'])).toHaveLength(1)
  })

  test('may be the folder of a series itself', async () => {
    await using folder = await temporaryFolder()
    await putVideos(join(folder.path, 'My Show'), 'Season 1/01.mkv')
    await using media = openMediaFolders(
      { paths: [join(folder.path, 'My Show')], leftOut: '' },
      recordingLog().log,
    )
    await media.loaded
    expect(media.files()).toMatchObject([{ about: { title: 'My Show', season: 1, episodes: [1] } }])
  })

  test('opens a file for several clients in turn', async () => {
    await using folder = await temporaryFolder()
    await putVideos(folder.path, 'Film.mkv')
    await using media = openMediaFolders({ paths: [folder.path], leftOut: '' }, recordingLog().log)
    await media.loaded
    const { infoHash, size } = media.files()[0] as LibraryFile
    for (const viewer of ['a', 'a', 'b']) {
      await using file = await media.open(infoHash, new AbortController().signal)
      file?.noteRead(viewer)
      expect(file).toMatchObject({ name: 'Film.mkv', size })
    }
  })
})
