import type { ImportContext } from '../../src/cache/import/context.ts'
import type { ImportReport } from '../../src/cache/import/report.ts'
import { type ImportRequest, importFiles } from '../../src/cache/import-files.ts'
import { lockDownloadFolder } from '../../src/torrents/download-lock.ts'

/** Imports as the command does. @param options - what is to be another way */
export function doImport(
  root: string,
  request: ImportRequest,
  options: Partial<ImportContext> = {},
  signal: AbortSignal = new AbortController().signal,
): Promise<ImportReport> {
  const context: ImportContext = {
    root,
    extraPaths: [],
    minFreeBytes: 0,
    isDryRun: false,
    lock: () => lockDownloadFolder(root),
    onProgress: () => undefined,
    ...options,
  }
  return importFiles(request, context, signal)
}
