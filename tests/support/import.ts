import type { ImportContext } from '../../src/import/context.ts'
import { type ImportRequest, importFiles } from '../../src/import/import-files.ts'
import type { ImportReport } from '../../src/import/report.ts'
import { lockDownloadFolder } from '../../src/storage/download-lock.ts'

/** Imports as the command does. @param options - what differs from the defaults */
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
