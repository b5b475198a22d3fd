/** What all ways of importing need. */
export interface ImportContext {
  /** download folder, its real path */
  readonly root: string
  /** where else its torrents may lie */
  readonly extraPaths: readonly string[]
  /** copies leave so much free on the disk */
  readonly minFreeBytes: number
  /** say what would be done, and change nothing */
  readonly isDryRun: boolean
  /**
   * Keeps servers out of the download folder until it is disposed of.
   *
   * @throws SelfStremeError `folder.in_use` if one works in it
   */
  lock(): Promise<Disposable>
  onProgress(progress: ImportProgress): void
}

/** How far a step has come that takes long. */
export interface ImportProgress {
  readonly step: 'hashing' | 'copying' | 'comparing'
  readonly doneBytes: number
  readonly totalBytes: number
}
