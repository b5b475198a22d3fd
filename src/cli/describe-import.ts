import type { ImportRequest } from '../import/import-files.ts'
import type { Imported, ImportedFile, ImportReport } from '../import/report.ts'
import { sizeInWords } from '../lib/in-words.ts'

/** What was imported and what was not, one line each. */
export function describeImport({ imported, skipped }: ImportReport, isDryRun: boolean): string[] {
  const left = skipped.map(({ path, why }) => `skipped: ${path}: ${why}`)
  if (imported.length === 0) left.push('nothing imported')
  const blocks = [...imported.map((each) => describe(each, isDryRun)), left].filter(
    ({ length }) => length > 0,
  )
  return blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]))
}

/** Whether each named path led to an import. */
export function isComplete({ imported, skipped }: ImportReport, request: ImportRequest): boolean {
  const named = new Set(pathsOf(request))
  return imported.length > 0 && !skipped.some(({ path }) => named.has(path))
}

function pathsOf(request: ImportRequest): readonly string[] {
  switch (request.kind) {
    case 'torrent':
      return request.paths
    case 'create':
      return request.torrents.map(({ path }) => path)
    case 'placed':
      return request.requests.map(({ path }) => path)
    default:
      return request satisfies never
  }
}

function describe({ infoHash, magnet, directory, files }: Imported, isDryRun: boolean): string[] {
  return [
    ...files.map(describeFile),
    `${isDryRun ? 'would be in' : 'in'} ${directory}`,
    `info hash ${infoHash}`,
    `magnet    ${magnet}`,
  ]
}

function describeFile({ from, how, bytes, missingBytes }: ImportedFile): string {
  const missing = missingBytes ? `, ${sizeInWords(missingBytes)} missing or wrong` : ''
  return `${how}: ${from} (${sizeInWords(bytes)}${missing})`
}
