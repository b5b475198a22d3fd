import type { AnsweredList } from '../addon/stream-service.ts'
import type { Reading } from '../streaming/reads.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { Guesses, Why } from './guesses.ts'
import { proposeFirst } from './proposers/first-listed.ts'
import type { NextEpisode } from './proposers/next-episode.ts'
import { proposeWatched } from './proposers/watched-so-far.ts'
import { Viewings } from './viewings.ts'

export interface PredownloadParts {
  readonly guesses: Pick<Guesses, 'add'>
  readonly nextEpisode: Pick<NextEpisode, 'noteList' | 'propose'>
  readonly index: Pick<CacheIndex, 'find'>
}

/** What the proposers of PREDOWNLOAD learn about viewers. */
export interface Predownloads {
  /** A device was sent a list. */
  noteList(list: AnsweredList): void
  /** A viewer was sent some bytes; absent where nothing follows from it. */
  readonly follow?: ((reading: Reading) => void) | undefined
}

/** @param kinds - nothing is proposed for others */
export function createPredownloads(kinds: readonly Why[], parts: PredownloadParts): Predownloads {
  const { guesses, nextEpisode, index } = parts
  const isOn = (why: Why) => kinds.includes(why)
  const viewings = new Viewings({
    played: (reading) => isOn('all') && proposeWatched(guesses, index, reading),
    nearlyThrough: (reading) => isOn('next') && nextEpisode.propose(reading),
  })
  return {
    noteList(list) {
      // Devices that fetch torrents themselves would not read it from here.
      if (list.delivery === 'magnet') return
      if (isOn('next')) nextEpisode.noteList(list)
      if (isOn('first')) proposeFirst(guesses, list)
    },
    follow: isOn('next') || isOn('all') ? (reading) => viewings.note(reading, Date.now()) : undefined,
  }
}
