/** What a viewer asked for, in Stremio's words. */
export type VideoId =
  | { readonly kind: 'movie'; readonly id: string }
  | { readonly kind: 'episode'; readonly id: string; readonly season: number; readonly episode: number }

/**
 * Reads the id of a stream request: `tt1254207`, or `tt1:2:3` for season 2, episode 3 of a series.
 *
 * @returns `undefined` for a series without season and episode
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/requests/defineStreamHandler.md
 */
export function parseVideoId(type: string, text: string): VideoId | undefined {
  if (type !== 'series') return text ? { kind: 'movie', id: text } : undefined
  const parts = /^(.+):(\d{1,6}):(\d{1,6})$/.exec(text)
  if (!parts?.[1]) return undefined
  return { kind: 'episode', id: parts[1], season: Number(parts[2]), episode: Number(parts[3]) }
}

/** The id as Stremio writes it; what {@link parseVideoId} reads. */
export function writeVideoId(video: VideoId): string {
  return video.kind === 'movie' ? video.id : `${video.id}:${video.season}:${video.episode}`
}
