/**
 * What there is of a file of a torrent, as of its last check.
 *
 * An `empty` file becomes `partial` with its first piece and `full` with its last. A `full` one is then `completing`,
 * `saving` and `complete`, unless a piece turns out to be wrong, or another program changes it.
 */
export type FileState =
  /** no piece of it is on disk */
  | 'empty'
  /** some pieces are missing */
  | 'partial'
  /** no piece is missing, but some may be wrong */
  | 'full'
  /** its claimed pieces are being hashed; also while work to make it complete ends that was in vain */
  | 'completing'
  /** complete, and being synced to the disk */
  | 'saving'
  | 'complete'

/** What a {@link FileState} follows from. */
interface FileFacts {
  readonly isComplete: boolean
  /** work is being done to make it complete */
  readonly isCompleting: boolean
  anyMissing(): boolean
  anyThere(): boolean
}

export function fileStateOf({ isComplete, isCompleting, anyMissing, anyThere }: FileFacts): FileState {
  if (isComplete) return isCompleting ? 'saving' : 'complete'
  if (isCompleting) return 'completing'
  if (!anyMissing()) return 'full'
  return anyThere() ? 'partial' : 'empty'
}
