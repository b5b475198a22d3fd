/** Which file of a torrent to play. The more a choice says, the surer is the file. */
export type FileChoice = LinkChoice | MovieChoice | OnlyChoice

/** What the link of a list can say. */
export type LinkChoice = MainChoice | IndexChoice | EpisodeChoice

/** The largest video that is no sample and no extra. */
export interface MainChoice {
  readonly kind: 'main'
}

export interface IndexChoice {
  readonly kind: 'file'
  /** counted over all files from 0 */
  readonly fileIdx: number
}

/** The only video of the torrent; none if it is a pack. For links that may have lost the episode on their way. */
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
  /** 0 = specials; absent where the series counts without seasons, as `kitsu:` ids do */
  readonly season?: number
  readonly episode: number
  /** counted from the first of the series, as fansubs count */
  readonly absolute?: number
  /** of the series */
  readonly title?: string
  /** in which the series began */
  readonly year?: number
}

export const MAIN_FILE: MainChoice = { kind: 'main' }
