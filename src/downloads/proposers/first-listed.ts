import type { AnsweredList } from '../../addon/stream-service.ts'
import { type Guesses, targetOf } from '../guesses.ts'
import { torrentsOf } from '../listed-videos.ts'

/** Proposes head and tail of the first torrent in a list. A device's next list replaces its last one. */
export function proposeFirst(guesses: Pick<Guesses, 'add'>, { found, client }: AnsweredList): void {
  const [first] = torrentsOf(found)
  if (first) guesses.add({ ...targetOf(first), why: 'first', whom: client })
}
