/** The video of a stream request, in Stremio's terms. */
export type VideoId =
  | { readonly kind: 'movie'; readonly id: string }
  | {
      readonly kind: 'episode'
      /** of the series */
      readonly id: string
      /** 0 = specials; absent in anime catalogues, where every season is a series of its own */
      readonly season?: number
      readonly episode: number
    }

/** Anime catalogues: `kitsu:7442` is one season of a series, or a film. */
const ANIME_ID = /^(?:kitsu|mal|anilist|anidb):\d+$/
const ANIME_EPISODE = /^((?:kitsu|mal|anilist|anidb):\d+):(\d{1,6})$/
const EPISODE = /^(.+):(\d{1,6}):(\d{1,6})$/
/** Prefixes of ids; alone they are no id. */
const CATALOGUE = /^(?:kitsu|mal|anilist|anidb|tmdb|tvdb|selfstreme)$/
/** IMDb has reached eight digits. */
const IMDB_ID = /^tt\d{1,10}$/
const CATALOGUE_ID = /^(?:kitsu|mal|anilist|anidb|tmdb|tvdb):(?:[a-z]{1,10}:)?\d{1,10}$/
/** Text that begins like a known catalogue's id is one, or is invalid. */
const OF_CATALOGUE = /^(?:tt\d|(?:kitsu|mal|anilist|anidb|tmdb|tvdb|selfstreme):)/
const MAX_LENGTH = 200

/**
 * Parses the id of a stream request: `tt1254207`, `tt1:2:3` for season 2, episode 3 of a series, or `kitsu:7442:5` for
 * an episode without season.
 *
 * @param type - "series" and "anime" have episodes, everything else is one film
 * @returns `undefined` for a series without episode, and for an id that is too long
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/requests/defineStreamHandler.md
 */
export function parseVideoId(type: string, text: string): VideoId | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const [, series = text, number] = ANIME_EPISODE.exec(text) ?? []
  if (number !== undefined) return videoIdOf(type, isSeries(type) ? series : text, undefined, Number(number))
  const [, id = '', season, episode] = EPISODE.exec(text) ?? []
  if (!isSeries(type) || season === undefined) return videoIdOf(type, text)
  return CATALOGUE.test(id) ? undefined : videoIdOf(type, id, Number(season), Number(episode))
}

/**
 * Builds a video id from its parts.
 *
 * @returns `undefined` for a series without episode, or without season if the catalogue has seasons
 */
export function videoIdOf(type: string, id: string, season?: number, episode?: number): VideoId | undefined {
  if (id === '' || id.length > MAX_LENGTH) return undefined
  if (!isSeries(type)) return { kind: 'movie', id }
  const isAnime = ANIME_ID.test(id)
  if (episode === undefined) return type === 'anime' && isAnime ? { kind: 'movie', id } : undefined
  if (season === undefined) return isAnime ? { kind: 'episode', id, episode } : undefined
  return { kind: 'episode', id, season, episode }
}

/** Whether an id is IMDb's. */
export function isImdbId(id: string): boolean {
  return IMDB_ID.test(id)
}

/** Whether an id may be a public catalogue's, rather than made up by an addon. */
export function isCatalogueId(id: string): boolean {
  return isImdbId(id) || CATALOGUE_ID.test(id)
}

/** Whether an id may be of a catalogue that only some addon knows. */
export function isOtherId(id: string): boolean {
  return !OF_CATALOGUE.test(id) && /^[\w.:-]+$/.test(id)
}

function isSeries(type: string): boolean {
  return type === 'series' || type === 'anime'
}

/** The id as Stremio writes it; the inverse of {@link parseVideoId}. */
export function writeVideoId(video: VideoId): string {
  if (video.kind === 'movie') return video.id
  return [video.id, video.season, video.episode].filter((part) => part !== undefined).join(':')
}
