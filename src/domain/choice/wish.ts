/** What is to be played out of a torrent. The more is known of it, the surer the choice. */
export type Wish =
  | { readonly kind: 'largest' }
  | {
      readonly kind: 'file'
      /** counted over all files from 0 */
      readonly fileIdx: number
    }
  | MovieWish
  | EpisodeWish
  | UnsaidWish

/** Asked for by an address that may have lost the episode on its way: the only film there is, or nothing. */
export interface UnsaidWish {
  readonly kind: 'unsaid'
}

export interface MovieWish {
  readonly kind: 'movie'
  readonly title?: string
  readonly year?: number
}

export interface EpisodeWish {
  readonly kind: 'episode'
  /** 0 = specials; absent where the series counts without seasons, as `kitsu:` ids do */
  readonly season?: number
  readonly episode: number
  /** counted from the first of the series, as fansubs count */
  readonly absolute?: number
  /** `2024-05-17`: what an episode is called of a show that has one every day */
  readonly date?: string
  /** of the series */
  readonly title?: string
  /** in which the series began */
  readonly year?: number
}
