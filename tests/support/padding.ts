import { createHash } from 'node:crypto'
import bencode from 'bencode'

interface FileEntry {
  readonly attr?: Uint8Array
  readonly length?: number
  readonly path: readonly (string | Uint8Array)[]
}

/** BitComet's name for padding. */
function bitCometName(number: number): string {
  return `_____padding_file_${number}_if you see this file, please update to BitComet 0.85 or above____`
}

/**
 * The same torrent as BitComet makes it: only the names tell that a file is padding.
 *
 * @param metainfo - a torrent of a folder with padding files (BEP 47)
 * @param more - files to put first
 */
export function asBitComet(metainfo: Uint8Array, more: readonly object[] = []) {
  return changed(metainfo, (files) => {
    let padding = 0
    const renamed = files.map(({ attr, ...file }) =>
      attr?.includes('p'.charCodeAt(0)) ? { ...file, path: [bitCometName(padding++)] } : { ...file, attr },
    )
    return [...more, ...renamed.map((file) => withoutUndefined(file))]
  })
}

/** The same torrent with a symbolic link without a length as first file (BEP 47). */
export function withLink(metainfo: Uint8Array) {
  return changed(metainfo, (files) => [LINK, ...files])
}

export const LINK = { attr: 'l', path: ['link.mkv'], 'symlink path': ['Show.S01E01.mkv'] }

function changed(metainfo: Uint8Array, change: (files: FileEntry[]) => readonly object[]) {
  const { info } = bencode.decode(metainfo) as { info: { files: FileEntry[] } }
  const bytes = bencode.encode({ ...info, files: change(info.files) })
  const infoHash = createHash('sha1').update(bytes).digest('hex')
  return { infoHash, metainfo: Buffer.concat([Buffer.from('d4:info'), bytes, Buffer.from('e')]) }
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined))
}
