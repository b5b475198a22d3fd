/**
 * What a torrent is doing. Without metadata there are no files, so there is nothing to read and nothing to save.
 *
 * @typeParam Known - what there is of a torrent once its metadata is known
 */
export type TorrentState<Known> =
  /** no metadata, not in the swarm */
  | { readonly kind: 'unknown' }
  /** in the swarm to get the metadata, since a time of the process' clock in ms */
  | { readonly kind: 'seeking'; readonly since: number }
  /** metadata known, not in the swarm */
  | { readonly kind: 'resting'; readonly known: Known }
  /** metadata known, in the swarm */
  | { readonly kind: 'active'; readonly known: Known }

export type TorrentEvent<Known> =
  /** it has entered the swarm; `at` in ms of the process' clock */
  | { readonly kind: 'joined'; readonly at: number }
  /** it has left the swarm, or every attempt there has failed */
  | { readonly kind: 'left' }
  /** the metadata is known */
  | { readonly kind: 'learned'; readonly known: Known }
  /** the metadata could not be saved, so it does not count; `at` in ms of the process' clock */
  | { readonly kind: 'unlearned'; readonly at: number }

/** The state after an event; the same object if the event changes nothing. */
export function stateAfter<Known>(
  state: TorrentState<Known>,
  event: TorrentEvent<Known>,
): TorrentState<Known> {
  switch (event.kind) {
    case 'joined':
      if (state.kind === 'unknown') return { kind: 'seeking', since: event.at }
      return state.kind === 'resting' ? { ...state, kind: 'active' } : state
    case 'left':
      if (state.kind === 'seeking') return { kind: 'unknown' }
      return state.kind === 'active' ? { ...state, kind: 'resting' } : state
    case 'learned':
      if (state.kind === 'unknown') return { kind: 'resting', known: event.known }
      return state.kind === 'seeking' ? { kind: 'active', known: event.known } : state
    case 'unlearned':
      if (state.kind === 'resting') return { kind: 'unknown' }
      return state.kind === 'active' ? { kind: 'seeking', since: event.at } : state
  }
}
