import { expect, test } from 'vitest'
import { otherEpisode, otherTitle } from '../../../../src/domain/names/release-relevance.ts'

const EPISODE = { kind: 'episode', id: 'tt5', season: 1, episode: 2 } as const
const FILM = { kind: 'movie', id: 'tt6' } as const

function episode(season: number, number: number) {
  return { kind: 'episode', id: 'tt5', season, episode: number } as const
}

function title(name: string, year?: number, ...aliases: string[]) {
  return { name, aliases, episodes: new Map<string, string>(), ...(year === undefined ? {} : { year }) }
}

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
  'Show S01E01~E10',
  'Show S01 E01 - E10',
  'Show.S01.S02.S03',
  'Show Season 1, 2 & 3',
  'Show 1x02',
  'Show Staffel 1 German DL',
  'Show / Сезон: 1 / Серии: 1-4 из 8 [2023]',
  'Show.1ª.Temporada.Completa',
  'Show.2024.05.17.720p.WEB',
])('release "%s" may hold S01E02', (release) => {
  expect(otherEpisode(release, EPISODE)).toBeUndefined()
})

test.for([
  ['Show.S01E03.1080p', 'of S01E03'],
  ['Show.S02E02.1080p', 'of season 2'],
  ['Show.S01E03-E05.720p', 'of S01E03-E05'],
  ['Show.S01E01-1080p', 'of S01E01'],
  ['Show.S02.1080p', 'of season 2'],
  ['Show.S02-S03', 'of season 2, 3'],
  ['Show Season 2', 'of season 2'],
  ['Show.S10E02', 'of season 10'],
  ['Show.S01E20.x264', 'of S01E20'],
  ['Show 3x02', 'of season 3'],
  ['Show Staffel 3', 'of season 3'],
  ['Show 3 сезон', 'of season 3'],
  ['Show 2ª Temporada', 'of season 2'],
  ['Show Season Two', 'of season 2'],
  ['[Group] Show - 05 [1080p]', 'of episode 5, without a season'],
])('release "%s" does not hold S01E02: %s', ([release = '', why]) => {
  expect(otherEpisode(release, EPISODE)).toBe(why)
})

test('a release for a film is never refused by its episode number', () => {
  expect(otherEpisode('Film.S02E05', FILM)).toBeUndefined()
})

const TWO_SEASONS = {
  ...title('Show'),
  episodes: new Map(Array.from({ length: 12 }, (_, at) => [`1:${at + 1}`, 'Title'] as const)),
}

test.for([
  ['[Group] Show - 13 [1080p]', undefined],
  ['[Group] Show - 01-24 [1080p]', undefined],
  ['[Group] Show 2 - 01 [1080p]', undefined],
  ['[Group] Show II - 01 [1080p]', undefined],
  ['[Group] Show - 05.mkv', 'of episode 5, without a season'],
  ['[Group] Show - 01.mkv', 'of episode 1, without a season'],
  ['[Group] Show 3 - 01.mkv', 'of episode 1, without a season'],
] as const)(
  'after a first season of 12 episodes, the reason that "%s" does not hold S02E01',
  ([release, why]) => {
    expect(otherEpisode(release, episode(2, 1), TWO_SEASONS)).toBe(why)
  },
)

test.for([
  ['The.Wild.Sea.1968.1080p.BluRay', title('The Wild Sea', 1968)],
  ['The Wild Sea (1969) [720p]', title('The Wild Sea', 1968)],
  ['the_wild_sea_1080p', title('The Wild Sea', 1968)],
  ['[Group] The Wild Sea 1968', title('The Wild Sea', 1968)],
  ['The.Cats.Meow.2001.WEB', title("The Cat's Meow", 2001)],
  ['Wilde.See.1968.GERMAN', title('The Wild Sea', 1968, 'Wilde See')],
  ['1984.1984.1080p', title('1984', 1984)],
  ['The.Wild.Sea.2010', title('The Wild Sea')],
  // the year is a part of the title
  ['Blue.Lantern.1984.1080p', title('Blue Lantern 1984', 2020)],
  ['Blue.Lantern.1984.2020.1080p', title('Blue Lantern 1984', 2020)],
  // a site name first
  ['www.site-of-films.im - Copper Harbor (2023) 720p', title('Copper Harbor', 2023)],
  ['films4all.org | Copper.Harbor.2023.1080p', title('Copper Harbor', 2023)],
  ['[ www.films.example ] - Copper Harbor (2023)', title('Copper Harbor', 2023)],
  ['【Site】Copper.Harbor.2023.1080p', title('Copper Harbor', 2023)],
  // accents and apostrophes
  ['Les.Egares.2012', title('Les Égarés', 2012)],
  ['L acchiappavento 1995', title("L'acchiappavento", 1995)],
  ['Lacchiappavento.1995.iTALiAN', title('L’acchiappavento', 1995)],
  ['Fuer.Elsa.2011.German', title('Für Elsa', 2011)],
  ['Fur.Elsa.2011', title('Für Elsa', 2011)],
  ['Strasse.der.Moewen.1999', title('Straße der Möwen', 1999)],
  ['Kobenhavn.Station.2004', title('København Station', 2004)],
  // words that say nothing
  ['Copper.Harbor.REMASTERED.1080p.BluRay.x264-GRP', title('Copper Harbor', 2023)],
  ['Copper Harbor Directors Cut (2023)', title('Copper Harbor', 2023)],
  ['Copper.Harbor.TRUEFRENCH.2023', title('Copper Harbor', 2023)],
] as const)('release "%s" is the film %j', ([release, wanted]) => {
  expect(otherTitle(release, FILM, wanted)).toBeUndefined()
})

test.for([
  ['The.Wild.Sea.1999.1080p', title('The Wild Sea', 1968), 'a film of 1999, not of 1968'],
  ['The.Wild.Sea.Returns.1968', title('The Wild Sea', 1968), 'called "wild sea returns"'],
  ['The.Wild.Sea.Returns.1080p', title('The Wild Sea', 1968), 'called "wild sea returns"'],
  ['The.Wild.Seahorse.720p', title('The Wild Sea', 1968), 'called "wild seahorse"'],
  ['Making.of.The.Wild.Sea.1968', title('The Wild Sea', 1968), 'called "making of wild sea"'],
  ['Copper Harbor 2 (2023)', title('Copper Harbor', 2023), 'called "copper harbor 2"'],
  ['[Lost] Some Film 2004', title('Lost', 2004), 'called "some film"'],
  ['', title('The Wild Sea', 1968), 'called ""'],
  ['Anything.1968', title('***', 1968), 'called "anything"'],
] as const)('release "%s" is not the film %j', ([release, wanted, why]) => {
  expect(otherTitle(release, FILM, wanted)).toBe(why)
})

test.for([
  ['Lost.S01E02.720p', title('Lost', 2004)],
  ['Lost.2004.S01.1080p', title('Lost', 2004)],
  ['The.Bureau.US.S01E02', title('The Bureau', 2005)],
  ['Lost Season 1 Complete', title('Lost')],
  ['Lost.1x02', title('Lost')],
  ['Mr.Robin - S01E02', title('Mr. Robin')],
  // the title is not first
  ['Мідна гавань (S1E1-4) / Copper Harbor (S1E1-4) (2023) WEB-DL 1080p', title('Copper Harbor')],
  ['Porto de Cobre (Copper Harbor) - S01', title('Copper Harbor')],
  ['Медная гавань / Copper Harbor / Сезон: 1 / Серии: 1-4 из 8 [2023]', title('Copper Harbor')],
  ['Медная гавань Copper Harbor S01E02', title('Copper Harbor')],
  ['Kupferhafen | Copper Harbor | S01 | 1080p', title('Copper Harbor')],
  ['[Copper Harbor][S01][1080p]', title('Copper Harbor')],
  ['铜港 / Copper Harbor S01E02', title('Copper Harbor')],
  // other words after the title
  ['Copper Harbor Saison 1 FRENCH', title('Copper Harbor')],
  ['Copper.Harbor.INTEGRALE.MULTI.1080p', title('Copper Harbor')],
  ['Copper Harbor Staffel 1 German DL', title('Copper Harbor')],
  ['Copper Harbor VOSTFR S01E02', title('Copper Harbor')],
  ['Copper.Harbor.iTA.ENG.S01E02.1080p', title('Copper Harbor')],
  ['Copper.Harbor.Mini.Series.Complete.720p', title('Copper Harbor')],
  ['Copper Harbor [Temporada 1][HDTV 720p][Cap.102]', title('Copper Harbor')],
  ['Shorin.2024.S01E01', title('Shōrin')],
] as const)('release "%s" is the series %j', ([release, wanted]) => {
  expect(otherTitle(release, EPISODE, wanted)).toBeUndefined()
})

test.for([
  ['Lost.Girl.S01E02', title('Lost', 2004), 'called "lost girl"'],
  ['Lost.in.Space.2018.S01E02', title('Lost', 2004), 'called "lost in space"'],
  ['Get.Lost.S01E02', title('Lost', 2004), 'called "get lost"'],
  ['Copper - Harbor Tales - 02', title('Copper'), 'called "copper harbor tales"'],
] as const)('release "%s" is not the series %j', ([release, wanted, why]) => {
  expect(otherTitle(release, EPISODE, wanted)).toBe(why)
})

test('release names made to cost time are compared quickly', () => {
  const hostile = [
    ' / '.repeat(3_000),
    '(a) '.repeat(5_000),
    '['.repeat(20_000),
    'a.'.repeat(20_000),
    'Я '.repeat(9_000),
  ]
  const took = hostile.map((name) => {
    const start = performance.now()
    otherTitle(name, FILM, title('Film', 2020))
    otherEpisode(name, EPISODE, TWO_SEASONS)
    return performance.now() - start
  })
  // An ordinary name takes 0.2 ms; what is quadratic takes minutes here.
  expect(Math.max(...took)).toBeLessThan(500)
})
