import type { IncomingMessage } from 'node:http'
import bencode from 'bencode'
import { describeStream, pictureOf } from '../../src/addon/describe-stream.ts'
import { type CatalogFilm, presentMeta, presentPreview } from '../../src/addon/present-meta.ts'
import { presentStreams } from '../../src/addon/present-stream.ts'
import { streamFileName } from '../../src/addon/stream-file-name.ts'
import { sourceOfMagnet } from '../../src/admin/torrent-source.ts'
import { kindOf, torrentsIn } from '../../src/admin/watched-file.ts'
import {
  decoded,
  encodedFields,
  encodedItems,
  isText,
  plain,
} from '../../src/domain/bittorrent/bencode-fields.ts'
import { dictionarySpans, listSpans } from '../../src/domain/bittorrent/bencode-spans.ts'
import { parseDhtNodes } from '../../src/domain/bittorrent/dht-nodes.ts'
import { numberedFileName, safeFileNames } from '../../src/domain/bittorrent/file-names.ts'
import { parseFileSelection } from '../../src/domain/bittorrent/file-selection.ts'
import { isPeerAddress } from '../../src/domain/bittorrent/good-peers.ts'
import { type InfoHash, infoHashesIn, parseInfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { isLocalFileId, localFileId } from '../../src/domain/bittorrent/local-file-id.ts'
import { parseMagnet } from '../../src/domain/bittorrent/magnet.ts'
import {
  infoBytes,
  parseMetainfo,
  parsingInfo,
  splitting,
  type TorrentFile,
  wrapInfo,
} from '../../src/domain/bittorrent/metainfo.ts'
import {
  allowedTrackers,
  trackerEndpoint,
  trackerHost,
  trackerIdentity,
} from '../../src/domain/bittorrent/tracker-url.ts'
import { parseRange } from '../../src/domain/byte-range.ts'
import { archiveSamples } from '../../src/domain/choice/archives.ts'
import { chooseFile, mainFileOf } from '../../src/domain/choice/choose-file.ts'
import { isOfDisc, isOfDvd, mainFilesOfDiscs, withoutDiscFolders } from '../../src/domain/choice/discs.ts'
import { nextFileOf, nextHalfOf, placeOfFile } from '../../src/domain/choice/next-episode.ts'
import { folderOf, holdsSeveral, isPlayable, type Pack, readPack } from '../../src/domain/choice/pack.ts'
import { mayNamePeer, scopeOf } from '../../src/domain/clients/address-scope.ts'
import { clientKey } from '../../src/domain/clients/client-key.ts'
import { isOwnNetworkAddress, isPublicAddress, isPublicHost } from '../../src/domain/clients/public-host.ts'
import { contentTypeOf, isPlaceableVideo, isVideo } from '../../src/domain/content-type.ts'
import { messageOf } from '../../src/domain/errors.ts'
import { bingeGroupOf } from '../../src/domain/list/binge-group.ts'
import type { Candidate } from '../../src/domain/list/candidate.ts'
import { detectDevice } from '../../src/domain/list/device.ts'
import { DEFAULT_LIST_OPTIONS, parseListOptions } from '../../src/domain/list/list-options.ts'
import { arrange, describe } from '../../src/domain/list/listing.ts'
import { releaseOf } from '../../src/domain/list/release-of.ts'
import { isExtra, isSample } from '../../src/domain/names/extras.ts'
import { halfOf } from '../../src/domain/names/halves.ts'
import { readLibraryName, titleKey } from '../../src/domain/names/library-name.ts'
import { matchFiles } from '../../src/domain/names/match-files.ts'
import { readNumbers } from '../../src/domain/names/name-numbers.ts'
import { expandRun } from '../../src/domain/names/number-run.ts'
import { readFolder } from '../../src/domain/names/path-numbers.ts'
import { parseReleaseName } from '../../src/domain/names/release-name.ts'
import { otherEpisode, otherTitle } from '../../src/domain/names/release-relevance.ts'
import { titlesIn } from '../../src/domain/names/release-titles.ts'
import {
  channelsOf,
  codecOf,
  isMultiLanguage,
  languagesOf,
  resolutionOf,
  sourceOf,
} from '../../src/domain/names/release-words.ts'
import { roughTitle } from '../../src/domain/names/rough-title.ts'
import { hideTechnical } from '../../src/domain/names/technical-words.ts'
import { foldMarks, titleForms, titleWords } from '../../src/domain/names/titles.ts'
import { yearInFront } from '../../src/domain/names/year-in-front.ts'
import { isOwnPath, parsePathPrefix, withoutPrefix } from '../../src/domain/path-prefix.ts'
import { parseStreamAddress, writeStreamAddress } from '../../src/domain/stream-address.ts'
import { parseSelection } from '../../src/domain/usage.ts'
import {
  isCatalogueId,
  isImdbId,
  isOtherId,
  parseVideoId,
  type VideoId,
  videoIdOf,
} from '../../src/domain/video-id.ts'
import { complaintAbout } from '../../src/engine/child/message-rules.ts'
import { hostOf } from '../../src/engine/child/peer-address.ts'
import { isAmong } from '../../src/engine/child/privacy.ts'
import { readableAnswer } from '../../src/engine/child/tracker-answer.ts'
import { readFlag, readInfoHash, readQuestion } from '../../src/http/api-requests.ts'
import { baseUrls } from '../../src/http/base-url.ts'
import { bare, clientOf, isFromPrivateNetwork, isOfThisMachine } from '../../src/http/client-address.ts'
import { isNotModified, isSameVersion } from '../../src/http/conditions.ts'
import { boundHeaders } from '../../src/http/header-lengths.ts'
import { forwardedPrefix, takePrefixOff } from '../../src/http/mount-path.ts'
import { readListOptions } from '../../src/http/read-list-options.ts'
import { toOriginForm } from '../../src/http/request-target.ts'
import { decode, encode } from '../../src/lib/bencoding.ts'
import { foldText } from '../../src/lib/fold-text.ts'
import { heapBytes } from '../../src/lib/heap-bytes.ts'
import { atOnce } from '../../src/lib/in-turns.ts'
import { parseIpAddress, usualForm, writtenVersion } from '../../src/lib/ip-address.ts'
import { printableLine, printableText } from '../../src/lib/printable.ts'
import { redactSecrets, redactTrackers } from '../../src/lib/redact.ts'
import { filesPlaced } from '../../src/library/torrent-files.ts'
import { parseManifest } from '../../src/sources/addon-manifest.ts'
import { parseFilms } from '../../src/sources/films.ts'
import { readLinkedTorrent } from '../../src/sources/linked-torrent.ts'
import { statedBytes, statedSeeders } from '../../src/sources/parse-description.ts'
import { parseJson } from '../../src/sources/reading/readings.ts'
import { readTitle } from '../../src/sources/title.ts'
import { queriesByTitle } from '../../src/sources/torznab-query.ts'
import { readRows } from '../../src/sources/torznab-rows.ts'
import { parseCaps, parseItems } from '../../src/sources/torznab-xml.ts'
import { readStream, readStreams } from '../../src/sources/upstream-stream.ts'
import { parseTorrentFile } from '../../src/storage/torrent-file.ts'

const EPISODE: VideoId = { kind: 'episode', id: 'tt1', season: 1, episode: 2 }
const MOVIE: VideoId = { kind: 'movie', id: 'tt1' }
const TITLE = { name: 'Some Show', aliases: [], episodes: new Map() }
const VERSION = { etag: '"a"', lastModified: new Date(0) }
const bytes = (text: string) => Buffer.from(text)
const json = (value: unknown) => Buffer.from(JSON.stringify(value))

function fileOf(path: string, length = 100): TorrentFile {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), length, offset: 0, isPadding: false }
}

/** As the metadata of a torrent gives it, with its names cut. */
function packOf(text: string): Pack {
  return parseMetainfo(torrentOf(text))
}

const torrents = new Map<string, Uint8Array>()

function torrentOf(text: string): Uint8Array {
  const torrent = torrents.get(text) ?? makeTorrent(text)
  torrents.set(text, torrent)
  return torrent
}

function makeTorrent(text: string): Uint8Array {
  const files = [
    { length: 60, path: [text, `${text}.mkv`] },
    { length: 40, path: [...text.slice(0, 2_000).split(''), `${text}.mp4`] },
  ]
  const info = { name: text, 'piece length': 16_384, pieces: new Uint8Array(20), files }
  return bencode.encode({ announce: text, 'announce-list': [[text]], comment: text, info })
}

function candidateOf(text: string): Candidate {
  return {
    kind: 'torrent',
    file: { kind: 'main' },
    infoHash: 'a'.repeat(40) as InfoHash,
    title: text,
    releaseName: text,
    fileName: text,
    quality: text,
    trackers: [text],
    files: packOf(text).files,
  }
}

function rowOf(text: string, type: 'movie' | 'series'): CatalogFilm {
  return { id: text, type, name: text, title: text, description: text, licence: text, runtime: text }
}

function requestWith(headers: Record<string, string>, url = '/'): IncomingMessage {
  const socket = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' }
  return { headers, rawHeaders: Object.entries(headers).flat(), url, socket } as unknown as IncomingMessage
}

/** A request after `http/header-lengths`: its headers are bounded. */
function boundedRequest(headers: Record<string, string>): IncomingMessage {
  const req = requestWith(headers)
  boundHeaders(req)
  return req
}

const xml = (text: string) =>
  `<rss><channel><item><title><![CDATA[${text.replaceAll(']]>', '')}]]></title><guid>${text.replaceAll(/[<&]/g, '')}</guid></item></channel></rss>`

/** A call of each function that takes text from strangers. What they throw does not matter. */
export const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  'addon/describe-stream#describeStream': (text) => describeStream(describe(candidateOf(text))),
  'addon/describe-stream#pictureOf': (text) => pictureOf(describe(candidateOf(text))),
  'addon/present-stream#presentStreams': (text) =>
    presentStreams(describe(candidateOf(text)), 'both', { baseUrl: 'http://127.0.0.1', trackers: [text] }),
  'addon/present-meta#presentMeta': (text) =>
    presentMeta([rowOf(text, 'series'), rowOf(text, 'series')], text),
  'addon/present-meta#presentPreview': (text) => presentPreview(rowOf(text, 'movie'), text),
  'addon/stream-file-name#streamFileName': (text) => [
    streamFileName(candidateOf(text), undefined),
    streamFileName(candidateOf(text), text),
  ],
  'admin/torrent-source#sourceOfMagnet': sourceOfMagnet,
  'lib/ip-address#parseIpAddress': parseIpAddress,
  'lib/ip-address#usualForm': usualForm,
  'lib/ip-address#writtenVersion': writtenVersion,
  'admin/watched-file#kindOf': kindOf,
  'admin/watched-file#torrentsIn': (text) => torrentsIn('a.magnet', bytes(text)),
  'domain/clients/address-scope#scopeOf': scopeOf,
  'domain/clients/address-scope#mayNamePeer': (text) => mayNamePeer('internet', text),
  'domain/bittorrent/bencode-fields#decoded': (text) => decoded(bytes(text)),
  'domain/bittorrent/bencode-fields#encodedFields': (text) =>
    atOnce(encodedFields(bytes(text), new Set(['info']))),
  'domain/bittorrent/bencode-fields#encodedItems': (text) => atOnce(encodedItems(bytes(text), text.length)),
  'domain/bittorrent/bencode-fields#isText': (text) => isText(bytes(text)),
  'domain/bittorrent/bencode-fields#plain': (text) => [plain(bytes(text)), plain(bytes(`i${text}e`))],
  'domain/bittorrent/bencode-spans#dictionarySpans': (text) =>
    atOnce(dictionarySpans(bytes(text), new Set(['info']))),
  'domain/bittorrent/bencode-spans#listSpans': (text) => atOnce(listSpans(bytes(text), text.length)),
  'lib/bencoding#decode': (text) => decode(bytes(text)),
  'lib/bencoding#encode': (text) => encode({ [text]: text }),
  'domain/list/binge-group#bingeGroupOf': (text) => bingeGroupOf(describe(candidateOf(text)), 'proxy'),
  'domain/byte-range#parseRange': (text) => parseRange(text, 1_000),
  'domain/choice/archives#archiveSamples': (text) =>
    archiveSamples([fileOf(text), fileOf(`${text}.rar`)])(text, 5),
  'domain/choice/discs#isOfDisc': isOfDisc,
  'domain/choice/discs#isOfDvd': isOfDvd,
  'domain/choice/discs#mainFilesOfDiscs': (text) =>
    mainFilesOfDiscs([fileOf(text), fileOf(`${text}/vts_01_2.vob`)]),
  'domain/choice/discs#withoutDiscFolders': withoutDiscFolders,
  'domain/choice/pack#isPlayable': (text) => isPlayable(fileOf(text)),
  'domain/choice/pack#holdsSeveral': (text) => holdsSeveral([fileOf(`${text}.mkv`), fileOf(`a/${text}.mkv`)]),
  'domain/choice/pack#readPack': (text) => readPack(packOf(text)),
  'domain/choice/pack#folderOf': folderOf,
  'domain/choice/choose-file#chooseFile': (text) => [
    chooseFile(packOf(text), { kind: 'episode', season: 1, episode: 2, title: text }),
    chooseFile(packOf(text), { kind: 'movie', title: text, year: 2020 }),
    chooseFile(packOf(text), { kind: 'only' }),
  ],
  'domain/choice/choose-file#mainFileOf': (text) => mainFileOf(packOf(text)),
  'domain/clients/client-key#clientKey': clientKey,
  'domain/content-type#contentTypeOf': contentTypeOf,
  'domain/content-type#isPlaceableVideo': isPlaceableVideo,
  'domain/content-type#isVideo': isVideo,
  'domain/list/device#detectDevice': (text) => detectDevice({ userAgent: text, secChUa: text }),
  'domain/errors#messageOf': (text) => messageOf(new Error(text)),
  'domain/bittorrent/file-selection#parseFileSelection': parseFileSelection,
  'domain/bittorrent/file-names#numberedFileName': (text) => numberedFileName(text, 2),
  'domain/bittorrent/file-names#safeFileNames': (text) =>
    safeFileNames([fileOf(text), fileOf(text), fileOf(`${text}.mkv`)]),
  'lib/fold-text#foldText': foldText,
  'lib/heap-bytes#heapBytes': (text) => heapBytes([...text]),
  'domain/bittorrent/dht-nodes#parseDhtNodes': parseDhtNodes,
  'domain/bittorrent/good-peers#isPeerAddress': isPeerAddress,
  'domain/bittorrent/info-hash#infoHashesIn': infoHashesIn,
  'domain/bittorrent/info-hash#parseInfoHash': parseInfoHash,
  'domain/names/library-name#readLibraryName': (text) => [
    readLibraryName(`${text}/${text}.mkv`),
    readLibraryName(text),
  ],
  'domain/names/library-name#titleKey': titleKey,
  'domain/list/list-options#parseListOptions': (text) => [
    parseListOptions(text),
    parseListOptions(`auto.v1.not=${text}`),
    parseListOptions(`auto.v1.${text}`),
  ],
  'domain/list/listing#arrange': (text) =>
    arrange([describe(candidateOf(text))], {
      ...DEFAULT_LIST_OPTIONS,
      excludedWords: ['cam'],
      languages: ['en'],
    }),
  'domain/bittorrent/local-file-id#localFileId': localFileId,
  'domain/bittorrent/local-file-id#isLocalFileId': (text) => isLocalFileId(text as InfoHash),
  'domain/bittorrent/magnet#parseMagnet': (text) => [
    parseMagnet(text),
    parseMagnet(`magnet:?${text}`),
    parseMagnet(`magnet:?xt=urn:btih:${'a'.repeat(40)}&so=${text}`),
  ],
  'domain/names/match-files#matchFiles': (text) => matchFiles(packOf(text), [{ path: text, length: 60 }]),
  'domain/bittorrent/metainfo#infoBytes': (text) => infoBytes(torrentOf(text)),
  'domain/bittorrent/metainfo#parseMetainfo': (text) => parseMetainfo(torrentOf(text)),
  'domain/bittorrent/metainfo#parsingInfo': (text) => atOnce(parsingInfo(infoBytes(torrentOf(text)))),
  'domain/bittorrent/metainfo#splitting': (text) => atOnce(splitting(torrentOf(text))),
  'domain/bittorrent/metainfo#wrapInfo': (text) => wrapInfo(bytes(text)),
  'domain/names/extras#isExtra': isExtra,
  'domain/names/extras#isSample': isSample,
  'domain/names/halves#halfOf': halfOf,
  'domain/names/name-numbers#readNumbers': (text) => [readNumbers(text, true), readNumbers(text, false)],
  'domain/names/path-numbers#readFolder': readFolder,
  'domain/names/release-titles#titlesIn': (text) => [...titlesIn(text)],
  'domain/names/titles#titleWords': titleWords,
  'domain/choice/next-episode#nextFileOf': (text) => nextFileOf(packOf(text), 0, { season: 1, episode: 1 }),
  'domain/choice/next-episode#nextHalfOf': (text) => nextHalfOf(packOf(text), 0),
  'domain/choice/next-episode#placeOfFile': (text) => placeOfFile(packOf(text), 0),
  'domain/path-prefix#isOwnPath': (text) => isOwnPath(`/${text}`),
  'domain/path-prefix#parsePathPrefix': parsePathPrefix,
  'domain/path-prefix#withoutPrefix': (text) => withoutPrefix(text, text),
  'lib/printable#printableLine': printableLine,
  'lib/printable#printableText': printableText,
  'domain/clients/public-host#isOwnNetworkAddress': isOwnNetworkAddress,
  'domain/clients/public-host#isPublicAddress': isPublicAddress,
  'domain/clients/public-host#isPublicHost': isPublicHost,
  'lib/redact#redactSecrets': redactSecrets,
  'lib/redact#redactTrackers': (text) => redactTrackers(text, ['http://a.org/announce/0123456789abcdef']),
  'domain/names/release-name#parseReleaseName': (text) => [
    parseReleaseName(text),
    parseReleaseName(`${text}/${text}.mkv`),
  ],
  'domain/names/release-relevance#otherEpisode': (text) => otherEpisode(text, EPISODE, TITLE),
  'domain/names/release-relevance#otherTitle': (text) => [
    otherTitle(text, EPISODE, TITLE),
    otherTitle(`some show ${text}`, MOVIE, TITLE),
  ],
  'domain/list/release-of#releaseOf': (text) => releaseOf(candidateOf(text)),
  'domain/stream-address#parseStreamAddress': (text) => [
    parseStreamAddress(`/${'a'.repeat(40)}/s1e2/${text}`),
    parseStreamAddress(`/${'a'.repeat(40)}?${text}`),
    parseStreamAddress(text),
  ],
  'domain/stream-address#writeStreamAddress': (text) =>
    writeStreamAddress({
      infoHash: 'a'.repeat(40) as InfoHash,
      choice: { kind: 'main' },
      name: text,
      trackers: [text],
      isPrivate: false,
    }),
  'domain/bittorrent/tracker-url#allowedTrackers': (text) =>
    allowedTrackers([text, `udp://${text}`, `http://a.org/${text}`], []),
  'domain/bittorrent/tracker-url#trackerEndpoint': trackerEndpoint,
  'domain/bittorrent/tracker-url#trackerHost': trackerHost,
  'domain/bittorrent/tracker-url#trackerIdentity': trackerIdentity,
  'domain/usage#parseSelection': parseSelection,
  'domain/video-id#isCatalogueId': isCatalogueId,
  'domain/video-id#isImdbId': isImdbId,
  'domain/video-id#isOtherId': isOtherId,
  'domain/video-id#parseVideoId': (text) => [parseVideoId('series', text), parseVideoId('anime', text)],
  'domain/video-id#videoIdOf': (text) => videoIdOf('anime', text, 1, 2),
  'engine/child/message-rules#complaintAbout': (text) => complaintAbout(bytes(text)),
  'engine/child/peer-address#hostOf': hostOf,
  'engine/child/privacy#isAmong': (text) => isAmong([text], { announceUrl: text }),
  'engine/child/tracker-answer#readableAnswer': (text) => [
    readableAnswer(bytes(text)),
    readableAnswer(bencode.encode({ peers: text, 'failure reason': text })),
  ],
  'storage/torrent-file#parseTorrentFile': (text) => parseTorrentFile(torrentOf(text)),
  'http/api-requests#readFlag': (text) => readFlag('pin', text, true),
  'http/api-requests#readInfoHash': readInfoHash,
  'http/api-requests#readQuestion': (text) => readQuestion({ config: text, ua: text }),
  'http/base-url#baseUrls': (text) =>
    baseUrls(
      undefined,
      () => true,
    )(
      Object.assign(boundedRequest({ host: text, 'x-forwarded-prefix': text }), {
        host: text,
        protocol: 'http',
      }) as never,
    ),
  'http/client-address#bare': bare,
  'http/client-address#clientOf': (text) => clientOf(boundedRequest({ 'x-forwarded-for': text }), () => true),
  'http/client-address#isFromPrivateNetwork': (text) =>
    isFromPrivateNetwork(boundedRequest({ 'x-forwarded-for': text }), () => true),
  'http/client-address#isOfThisMachine': (text) => isOfThisMachine(requestWith({}), text),
  'http/conditions#isNotModified': (text) =>
    isNotModified(
      boundedRequest({ 'if-none-match': text, 'cache-control': text, 'if-modified-since': text }).headers,
      VERSION,
    ),
  'http/conditions#isSameVersion': (text) => isSameVersion(text, VERSION),
  'http/header-lengths#boundHeaders': (text) =>
    boundHeaders(requestWith({ 'user-agent': text, range: text })),
  'http/mount-path#forwardedPrefix': (text) =>
    forwardedPrefix(boundedRequest({ 'x-forwarded-prefix': text }), () => true),
  'http/mount-path#takePrefixOff': (text) =>
    takePrefixOff(
      { ...boundedRequest({ 'x-forwarded-prefix': text }), url: text } as never,
      '/a',
      () => true,
    ),
  'http/read-list-options#readListOptions': readListOptions,
  'http/request-target#toOriginForm': (text) => toOriginForm(requestWith({}, text)),
  'library/torrent-files#filesPlaced': (text) =>
    filesPlaced(
      '/films',
      [
        {
          infoHashes: ['a'.repeat(40) as InfoHash],
          path: `/films/${text}`,
          name: text,
          size: 1,
          mtimeMs: 0,
          fingerprint: '',
        },
      ],
      new Map() as never,
    ),
  'sources/addon-manifest#parseManifest': (text) =>
    parseManifest({ id: text, name: text, types: [text], resources: [text], idPrefixes: [text] }),
  'sources/films#parseFilms': (text) => parseFilms([{ id: text, type: 'movie', name: text, infoHash: text }]),
  'sources/linked-torrent#readLinkedTorrent': (text) => readLinkedTorrent(torrentOf(text)),
  'sources/reading/readings#parseJson': (text) => [parseJson(json(text)), parseJson(bytes(text))],
  'sources/parse-description#statedBytes': statedBytes,
  'sources/parse-description#statedSeeders': statedSeeders,
  'sources/title#readTitle': (text) => readTitle({ meta: { name: text, aliases: [text], year: text } }),
  'sources/torznab-rows#readRows': (text) =>
    readRows(xml(text), { video: EPISODE, askedBy: 'name', title: TITLE }),
  'sources/torznab-xml#parseCaps': (text) =>
    parseCaps(`<caps><searching a="${text.replaceAll(/[<&"]/g, '')}"/></caps>`),
  'sources/torznab-xml#parseItems': (text) => [parseItems(xml(text))],
  'sources/upstream-stream#readStream': (text) =>
    readStream(
      {
        infoHash: 'a'.repeat(40),
        name: text,
        title: text,
        description: text,
        sources: [text, `tracker:${text}`],
        behaviorHints: { filename: text, bingeGroup: text },
      },
      EPISODE,
    ),
  'sources/upstream-stream#readStreams': (text) =>
    readStreams({ streams: [{ url: `http://a.org/${text}` }] }, EPISODE),
}

/** The same for functions that only get text that was cut: to how many letters, and by what. */
export const PARSERS_OF_SHORT: Readonly<
  Record<string, readonly [most: number, parser: (text: string) => unknown]>
> = {
  // readNumbers and parseReleaseName read as many letters of a name as a file system allows.
  'domain/names/number-run#expandRun': [255, expandRun],
  'domain/names/technical-words#hideTechnical': [255, hideTechnical],
  'domain/names/rough-title#roughTitle': [255, (text) => roughTitle({ rest: text })],
  // Titles are cut when metadata is read.
  'domain/names/titles#foldMarks': [255, foldMarks],
  'domain/names/titles#titleForms': [255, titleForms],
  'domain/names/year-in-front#yearInFront': [255, (text) => yearInFront(text, [text, 'a'])],
  'sources/torznab-query#queriesByTitle': [
    255,
    (text) => queriesByTitle({ search: new Set(['q']), categories: [] }, EPISODE, { ...TITLE, name: text }),
  ],
  'domain/names/release-words#channelsOf': [255, (text) => channelsOf([], text)],
  'domain/names/release-words#codecOf': [255, codecOf],
  'domain/names/release-words#isMultiLanguage': [255, (text) => isMultiLanguage([], text)],
  'domain/names/release-words#languagesOf': [255, (text) => languagesOf([text])],
  'domain/names/release-words#resolutionOf': [255, (text) => resolutionOf(text, text)],
  'domain/names/release-words#sourceOf': [255, (text) => sourceOf(undefined, text)],
}

const READ = 'what it is given was read by one of the parsers, and holds numbers and short words'
const THROUGH = 'it only hands on; what it calls is tested'
const OURS = 'what it is given is the program’s own, or the owner’s'
const SAME = 'the same work as a function that is tested'

/** Exported functions that get no text from strangers, or only pass it on. */
export const NO_PARSERS: Readonly<Record<string, string>> = {
  'addon/addon#createAddon': THROUGH,
  'addon/choose-files#chooseFiles': THROUGH,
  'addon/video-choice#videoChoice': READ,
  'admin/owner-token#openOwnerToken': OURS,
  'admin/owner-token#readOwnerToken': OURS,
  'admin/torrent-source#sourceOfFile': SAME,
  'downloads/selected-files#resolveSelection': THROUGH,
  'admin/watched-file#isTooLong': THROUGH,
  'domain/bittorrent/bitfield#hasPiece': 'it looks at a bit',
  'domain/bittorrent/bitfield#piecesIn': 'it looks at bits, as many as there are pieces',
  'domain/list/candidate#exactFileSize': READ,
  'domain/list/candidate#unnamedFileOf': READ,
  'domain/choice/episode-context#episodeContext': SAME,
  'domain/choice/episode-context#saysTitle': SAME,
  'domain/choice/episode-context#sequelOf': SAME,
  'domain/choice/film#filmBehindYear': SAME,
  'domain/choice/film#readFilm': SAME,
  'domain/choice/pack#readPackInTurns': SAME,
  'domain/choice/score-episode#episodeScorer': SAME,
  'domain/choice/score-movie#movieScorer': SAME,
  'domain/choice/verdict#less': OURS,
  'domain/choice/verdict#no': OURS,
  'domain/choice/verdict#yes': OURS,
  'domain/clients/client-limits#limitsFor': READ,
  'domain/names/episode-of#isVideoOf': READ,
  'domain/clients/give-way#whoGivesWay': READ,
  'domain/bittorrent/file-names#nameFilesInTurns': SAME,
  'domain/bittorrent/magnet#writeMagnet': 'it writes trackers that were read, 60 at most',
  'domain/bittorrent/metainfo#parsing': SAME,
  'domain/bittorrent/metainfo#pieceHashAt': 'it looks at numbers',
  'domain/bittorrent/metainfo#pieceLengthAt': 'it looks at numbers',
  'domain/bittorrent/metainfo#piecesOf': 'it looks at numbers',
  'domain/names/path-numbers#placeNumbers': READ,
  'domain/names/release-words#audioOf': READ,
  'domain/names/release-words#hdrOf': READ,
  'domain/names/titles#compareTitles': READ,
  'domain/names/words-behind-title#isNeutral': READ,
  'domain/choice/next-episode#isFileOf': SAME,
  'domain/bittorrent/listed-files#isCount': 'it looks at numbers',
  'domain/bittorrent/listed-files#nameOf': SAME,
  'domain/bittorrent/listed-files#readFiles': SAME,
  'domain/bittorrent/listed-files#shown': SAME,
  'domain/bittorrent/read-torrent-info#readInfo': SAME,
  'domain/bittorrent/read-named-info#readNamedInfo': SAME,
  'domain/bittorrent/read-torrent-info#readTorrentInfo': SAME,
  'domain/list/release-of#fileNameOf': THROUGH,
  'domain/list/release-of#nameOf': THROUGH,
  'domain/bittorrent/segments#filesIn': 'it looks at numbers',
  'domain/bittorrent/segments#piecesOnlyOf': 'it looks at numbers',
  'domain/bittorrent/segments#segmentsOf': 'it looks at numbers',
  'domain/video-id#writeVideoId': READ,
  'domain/usage#withSelected': READ,
  'domain/choice/wanted-files#wantedFiles': SAME,
  'engine/child/datagram-guard#installDatagramGuard': OURS,
  'engine/child/lookup-guard#installLookupGuard': OURS,
  'engine/child/metadata-as-found#keepMetadata': OURS,
  'engine/child/metadata-as-found#parsedTorrent': READ,
  'engine/child/metadata-as-found#takeMetadataAsFound': OURS,
  'storage/torrent-file#sha1': 'its time grows with the number of bytes',
  'engine/child/metadata-download#isPieceOf': 'it looks at numbers',
  'engine/child/peer-sources#guardPeerSources': OURS,
  'engine/child/privacy#keepOutOfDht': OURS,
  'engine/child/privacy#makePrivate': OURS,
  'engine/child/wire-guard#installWireGuard': OURS,
  'storage/torrent-file#loadTorrentFile': OURS,
  'storage/torrent-file#readTorrentFile': SAME,
  'http/addon-routes#addonRoutes': OURS,
  'http/api-requests#invalid': OURS,
  'http/api-requests#readAddition': THROUGH,
  'http/client-address#isClientUntold': SAME,
  'http/client-address#isDirect': SAME,
  'http/client-address#isForwarded': 'it looks whether headers are there',
  'http/cors#answerMethods': OURS,
  'http/cors#answeredByMethod': OURS,
  'http/gateways#gatewaysIn': 'the kernel writes it',
  'http/landing-routes#landingRoutes': OURS,
  'http/only-methods#onlyMethods': OURS,
  'http/refuse-method#refuseMethod': OURS,
  'http/origins#originsWith': OURS,
  'http/request-limits#checkHeaderCount': 'it counts',
  'http/request-limits#checkHost': 'it looks whether a header is there',
  'http/send-json#sendJson': THROUGH,
  'http/send-media#sendMedia': THROUGH,
  'http/send-slices#sendSlices': 'it sends bytes of a file',
  'library/local-files#createLocalFiles': OURS,
  'library/titles#createTitles': OURS,
  'library/torrent-files#placedId': 'it hashes a path',
  'sources/addon-manifest#hasStreams': READ,
  'sources/addon-manifest#names': READ,
  'sources/film-library#createFilmLibrary': OURS,
  'sources/guarded-connector#guardedConnector': OURS,
  'sources/metadata#createMetadata': OURS,
  'sources/remote-server#createRemoteServer': OURS,
  'sources/torznab-query#queriesById': READ,
}
