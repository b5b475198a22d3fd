import type { Pack } from './choice/pack.ts'
import { mainFileOf } from './choose-file.ts'
import { SelfStremeError } from './errors.ts'
import type { Wish } from './usage.ts'

/**
 * Which files of a torrent a wish means, by index; those of which there is nothing to fetch are left out.
 *
 * @throws SelfStremeError `wish.impossible`
 */
export function wantedFiles(pack: Pack, wish: Wish): number[] {
  const { files } = pack
  if (wish === 'main') {
    const main = mainFileOf(pack)
    if (main === undefined) throw impossible('the torrent has no video; say which files you want')
    return [main]
  }
  const indexes = wish === 'all' ? files.keys() : new Set(wish)
  return [...indexes].filter((index) => {
    const file = files[index]
    if (!file)
      throw impossible(
        `there is no ${index}: the files of the torrent are counted from 0 to ${files.length - 1}`,
      )
    return !file.isPadding && file.length > 0
  })
}

function impossible(what: string): SelfStremeError {
  return new SelfStremeError('wish.impossible', what)
}
