/** Which file of a torrent to play. The more a choice contains, the more certain is the file. */
export type FileChoice = LinkChoice | MovieChoice | OnlyChoice

/** A choice that a link in a list can express. */
export type LinkChoice = MainChoice | IndexChoice | EpisodeChoice

/** The largest video that is not a sample or an extra. */
export interface MainChoice {
  readonly kind: 'main'
}

export interface IndexChoice {
  readonly kind: 'file'
  /** counted over all files from 0 */
  readonly fileIdx: number
}

/** The only video of the torrent; none if it is a pack. For links that may have lost their episode. */
export interface OnlyChoice {
  readonly kind: 'only'
}

export interface MovieChoice {
  readonly kind: 'movie'
  readonly title?: string
  readonly year?: number
}

export interface EpisodeChoice {
  readonly kind: 'episode'
  /** 0 = specials; absent for a series without seasons, as in `kitsu:` ids */
  readonly season?: number
  readonly episode: number
  /** counted from the first of the series, as fansubs count */
  readonly absolute?: number
  /** of the series */
  readonly title?: string
  /** first year of the series */
  readonly year?: number
}

export const MAIN_FILE: MainChoice = { kind: 'main' }
