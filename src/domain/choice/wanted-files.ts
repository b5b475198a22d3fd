import { selectedOf } from '../bittorrent/file-selection.ts'
import { SelfStremeError } from '../errors.ts'
import type { LinkSelection, Selection } from '../usage.ts'
import { mainFileOf } from './choose-file.ts'
import type { Pack } from './pack.ts'

/**
 * The files of a torrent that a selection means, by index, without padding and empty files.
 *
 * @throws SelfStremeError `wish.impossible`
 */
export function wantedFiles(pack: Pack, selection: Selection): number[] {
  const { files } = pack
  if (typeof selection === 'object' && 'select' in selection) return selectedFiles(pack, selection)
  if (selection === 'main') {
    const main = mainFileOf(pack)
    if (main === undefined) throw impossible('the torrent has no video; choose its files with "files"')
    return [main]
  }
  const indexes = selection === 'all' ? files.keys() : new Set(selection)
  return [...indexes].filter((index) => {
    const file = files[index]
    if (!file) throw impossible(`the torrent has no file ${index}; its files are 0 to ${files.length - 1}`)
    return !file.isPadding && file.length > 0
  })
}

function selectedFiles(pack: Pack, { select, beside = [] }: LinkSelection): number[] {
  const real = [...pack.files.entries()].filter(([, { isPadding }]) => !isPadding)
  const isMeant = selectedOf(select, real.length)
  const meant = real.filter((_, index) => isMeant[index])
  if (meant.length === 0)
    throw impossible(
      `the magnet link selects no file of the torrent; its files are 0 to ${real.length - 1}, without padding`,
    )
  const selected = meant.filter(([, { length }]) => length > 0).map(([index]) => index)
  return [...new Set([...wantedFiles(pack, beside), ...selected])]
}

function impossible(what: string): SelfStremeError {
  return new SelfStremeError('wish.impossible', what)
}
