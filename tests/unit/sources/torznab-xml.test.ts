import { expect, test } from 'vitest'
import { parseCaps, parseItems } from '../../../src/sources/torznab-xml.ts'

const HASH = 'a'.repeat(40)

function rss(items: string): string {
  return `<?xml version="1.0"?><rss version="2.0" xmlns:torznab="http://torznab.com/schemas/2015/feed"><channel>
    <title>Indexer</title>${items}</channel></rss>`
}

test('all known fields of an item are read', () => {
  const items = parseItems(
    rss(`<item><title>Show.S01E02.1080p.WEB-GROUP</title><guid>http://a.org/details/1</guid>
      <link>http://a.org/dl?x=1&amp;y=2</link><comments>http://a.org/c</comments><size>5</size>
      <enclosure url="http://a.org/dl?x=1&amp;y=3" length="7" type="application/x-bittorrent"/>
      <torznab:attr name="seeders" value="12"/><torznab:attr name="infohash" value="${HASH}"/>
      <torznab:attr name="magneturl" value="magnet:?xt=urn:btih:${HASH}&amp;tr=udp%3A%2F%2Fa.org%3A1"/>
      <torznab:attr name="category" value="5000"/><torznab:attr name="category" value="5040"/></item>`),
  )
  expect(items).toEqual([
    {
      title: 'Show.S01E02.1080p.WEB-GROUP',
      infoHash: HASH,
      ids: {},
      links: [
        `magnet:?xt=urn:btih:${HASH}&tr=udp%3A%2F%2Fa.org%3A1`,
        'http://a.org/dl?x=1&y=3',
        'http://a.org/dl?x=1&y=2',
      ],
      size: 5,
      seeders: 12,
    },
  ])
})

test('an item needs only a title', () => {
  expect(parseItems(rss('<item><title>Film</title></item>'))).toEqual([{ title: 'Film', links: [], ids: {} }])
})

test('a magnet link is found in any of the fields for links', () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}`
  for (const where of [
    `<link>${magnet}</link>`,
    `<guid isPermaLink="false">${magnet}</guid>`,
    `<enclosure url="${magnet}"/>`,
  ])
    expect(parseItems(rss(`<item><title>Film</title>${where}</item>`))[0]?.links).toEqual([magnet])
})

test('names are unescaped, however they are written', () => {
  const names = ['A &amp; B', 'A &#38; B', 'A &#x26; B', '<![CDATA[A & B]]>', '  A &amp; B\n']
  for (const name of names)
    expect(parseItems(rss(`<item><title>${name}</title></item>`))[0]?.title).toBe('A & B')
  expect(parseItems(rss('<item><title>0123</title></item>'))[0]?.title).toBe('0123')
})

test.for([
  ['attr without the right name', '<item><title>A</title><attr name="x" value="y"/><attr/></item>'],
  ['invalid numbers', '<item><title>A</title><size>much</size><attr name="seeders" value="-1"/></item>'],
  [
    'invalid links',
    '<item><title>A</title><link>ftp://a.org</link><enclosure/><guid>http://a.org/</guid></item>',
  ],
] as const)('%s in an item is left out', ([, item]) => {
  expect(parseItems(rss(item))).toEqual([{ title: 'A', links: [], ids: {} }])
})

test('a feed without items gives no items', () => {
  for (const xml of [rss(''), '<rss/>', rss('<item/>'), rss('<item><size>5</size></item>')])
    expect(parseItems(xml)).toEqual([])
})

test('the capabilities of an indexer are read', () => {
  const caps = parseCaps(`<caps><server title="X"/><searching>
    <search available="yes" supportedParams="q"/>
    <tv-search available="yes" supportedParams="q, season,ep,ImdbId"/>
    <movie-search available="no" supportedParams="q,imdbid"/></searching>
    <categories><category id="2000" name="Movies"><subcat id="2040" name="HD"/></category><category id="100001"/></categories>
    </caps>`)
  expect(caps).toEqual({
    search: new Set(['q']),
    tv: new Set(['q', 'season', 'ep', 'imdbid']),
    categories: [2000, 2040, 100_001],
  })
})

test('an indexer without stated capabilities cannot be searched', () => {
  expect(parseCaps('<caps/>')).toEqual({ categories: [] })
  expect(parseCaps('<caps><searching><search available="yes"/></searching></caps>').search).toEqual(
    new Set(['q']),
  )
})

test.for([
  ['capabilities', parseCaps],
  ['items', parseItems],
] as const)('an error in place of %s has the text of the indexer, without its key', ([, parse]) => {
  const xml = '<?xml version="1.0"?><error code="100" description="Bad key apikey=s3cret &amp; such"/>'
  expect(() => parse(xml)).toThrow(
    expect.objectContaining({
      code: 'source.refused',
      message: 'the indexer reports: Bad key apikey=*** & such (100)',
    }),
  )
})

const ENTITIES = Array.from(
  { length: 20 },
  (_, at) => `<!ENTITY a${at + 1} "${`&a${at};`.repeat(10)}">`,
).join('')

test.for([
  ['nothing', ''],
  ['text', 'not found'],
  ['JSON', '{"rss":{"channel":{}}}'],
  ['another document', '<feed><entry/></feed>'],
  ['a web page', '<!DOCTYPE html><html><body><p>Login<br></body></html>'],
  ['an XML bomb', `<!DOCTYPE rss [<!ENTITY a0 "aaaaaaaaaa">${ENTITIES}]><rss><channel>&a20;</channel></rss>`],
  [
    'a file of ours',
    '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>',
  ],
  ['a tower', '<rss>'.repeat(100_000)],
  ['a name that is no name', '<rss><channel><__proto__>x</__proto__></channel></rss>'],
  ['open brackets', '<'.repeat(1_000_000)],
  ['an open quote', `<rss a="${'<'.repeat(1_000_000)}`],
] as const)('%s is not an answer of an indexer', ([, xml]) => {
  for (const parse of [parseCaps, parseItems])
    expect(() => parse(xml)).toThrow(expect.objectContaining({ code: 'source.bad_answer' }))
})

test('of an endless feed 2,000 items are read', () => {
  expect(parseItems(rss('<item><title>A</title></item>'.repeat(10_000)))).toHaveLength(2_000)
})

test.for([
  ['imdbid', '0012345', { imdb: '12345' }],
  ['imdbid', 'tt0012345', { imdb: '12345' }],
  ['imdb', 'tt12345678', { imdb: '12345678' }],
  ['tmdbid', '550', { tmdb: '550' }],
  ['tvdbid', '81189', { tvdb: '81189' }],
  ['imdbid', '0', {}],
  ['imdbid', 'tt0000000', {}],
  ['tvdbid', 'none', {}],
  ['imdbid', '1'.repeat(400), {}],
] as const)('an item with %s "%s" has the ids %j', ([name, value, ids]) => {
  const [item] = parseItems(rss(`<item><title>A</title><attr name="${name}" value="${value}"/></item>`))
  expect(item?.ids).toEqual(ids)
})

test.for([
  '<![CDATA[<!DOCTYPE html><html><p>A film</p></html>]]>',
  'before <![CDATA[<!doctype html PUBLIC "-//W3C//DTD XHTML 1.0//EN">]]> and behind',
  '<![CDATA[<!-- <!DOCTYPE x [<!ENTITY a "b">]> -->]]>',
])('a description with a document type of its own, %s, is accepted', (description) => {
  const item = `<item><title>A</title><description>${description}</description></item>`
  expect(parseItems(rss(item))).toMatchObject([{ title: 'A' }])
})

test.for([
  '<!DOCTYPE rss [<!ENTITY a "b">]><rss/>',
  '<rss><channel><!DOCTYPE x [<!ENTITY a "b">]><item><title>A</title></item></channel></rss>',
  '<rss><![CDATA[x]]><!DOCTYPE x [<!ENTITY a "b">]></rss>',
  '<rss><![CDATA[x]]></rss><!DOCTYPE x>',
])('a document type in the markup is refused: %s', (xml) => {
  expect(() => parseItems(xml)).toThrow('document type')
})
