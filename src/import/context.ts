/** What every kind of import needs. */
export interface ImportContext {
  /** download folder, its real path */
  readonly root: string
  /** other folders that may hold its torrents */
  readonly extraPaths: readonly string[]
  /** copies must leave this much free on the disk */
  readonly minFreeBytes: number
  /** report what would be done, and change nothing */
  readonly isDryRun: boolean
  /**
   * Keeps servers out of the download folder until it is disposed of.
   *
   * @throws SelfStremeError `folder.in_use` if a server is running in it
   */
  lock(): Promise<Disposable>
  onProgress(progress: ImportProgress): void
}

/** Progress of a step that takes long. */
export interface ImportProgress {
  readonly step: 'hashing' | 'copying' | 'comparing'
  readonly doneBytes: number
  readonly totalBytes: number
}
