import { expect, test } from 'vitest'
import { isNamed, mayHoldEpisode } from '../../src/sources/torznab-relevance.ts'

const EPISODE = { kind: 'episode', id: 'tt5', season: 1, episode: 2 } as const
const FILM = { kind: 'movie', id: 'tt6' } as const

test.for([
  'Show.S01E02.1080p.WEB.H264-GROUP',
  'Show s1e2',
  'Show S01 E02',
  'Show.S01E01E02.720p',
  'Show.S01E01-E03.720p',
  'Show.S01E01-03.720p',
  'Show.S01.1080p.WEB',
  'Show.S01-1080p',
  'Show.S01-S03.COMPLETE',
  'Show.S01-03',
  'Show Season 1',
  'Show Seasons 1-4',
  'Show.Complete.Series',
  'Show - 02 [1080p]',
])('"%s" may hold S01E02', (release) => {
  expect(mayHoldEpisode(release, EPISODE)).toBe(true)
})

test.for([
  'Show.S01E03.1080p',
  'Show.S02E02.1080p',
  'Show.S01E03-E05.720p',
  'Show.S01E01-1080p',
  'Show.S02.1080p',
  'Show.S02-S03',
  'Show Season 2',
  'Show.S10E02',
  'Show.S01E20.x264',
])('"%s" does not hold S01E02', (release) => {
  expect(mayHoldEpisode(release, EPISODE)).toBe(false)
})

test('what a film is called says nothing of episodes', () => {
  expect(mayHoldEpisode('Film.S02E05', FILM)).toBe(true)
})

function title(name: string, year?: number, ...aliases: string[]) {
  return { name, aliases, episodes: new Map<string, string>(), ...(year === undefined ? {} : { year }) }
}

test.for([
  ['The.Wild.Sea.1968.1080p.BluRay', title('The Wild Sea', 1968)],
  ['The Wild Sea (1969) [720p]', title('The Wild Sea', 1968)],
  ['the_wild_sea_1080p', title('The Wild Sea', 1968)],
  ['[Group] The Wild Sea 1968', title('The Wild Sea', 1968)],
  ['The.Cats.Meow.2001.WEB', title("The Cat's Meow", 2001)],
  ['Wilde.See.1968.GERMAN', title('The Wild Sea', 1968, 'Wilde See')],
  ['1984.1984.1080p', title('1984', 1984)],
  ['The.Wild.Sea.2010', title('The Wild Sea')],
] as const)('"%s" is the film %j', ([release, wanted]) => {
  expect(isNamed(release, FILM, wanted)).toBe(true)
})

test.for([
  ['The.Wild.Sea.1999.1080p', title('The Wild Sea', 1968)],
  ['The.Wild.Sea.Returns.1968', title('The Wild Sea', 1968)],
  ['The.Wild.Seahorse.720p', title('The Wild Sea', 1968)],
  ['Making.of.The.Wild.Sea.1968', title('The Wild Sea', 1968)],
  ['', title('The Wild Sea', 1968)],
  ['Anything.1968', title('***', 1968)],
] as const)('"%s" is not the film %j', ([release, wanted]) => {
  expect(isNamed(release, FILM, wanted)).toBe(false)
})

test.for([
  ['Lost.S01E02.720p', title('Lost', 2004)],
  ['Lost.2004.S01.1080p', title('Lost', 2004)],
  ['The.Bureau.US.S01E02', title('The Bureau', 2005)],
  ['Lost Season 1 Complete', title('Lost')],
  ['Lost.1x02', title('Lost')],
] as const)('"%s" is the series %j', ([release, wanted]) => {
  expect(isNamed(release, EPISODE, wanted)).toBe(true)
})

test.for([
  ['Lost.Girl.S01E02', title('Lost', 2004)],
  ['Lost.in.Space.2018.S01E02', title('Lost', 2004)],
  ['Get.Lost.S01E02', title('Lost', 2004)],
] as const)('"%s" is not the series %j', ([release, wanted]) => {
  expect(isNamed(release, EPISODE, wanted)).toBe(false)
})
