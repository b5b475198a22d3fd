import { type FileStamp, isUnchanged } from '../../files/same-file.ts'
import type { FolderState } from '../../storage/folder-state.ts'

/** Which files of a torrent are complete, and what they were when they became so. */
export class CompleteFiles {
  #state: FolderState

  constructor(state: FolderState) {
    this.#state = state
  }

  /** As it is saved; a later change makes another object. */
  get state(): FolderState {
    return this.#state
  }

  get isEmpty(): boolean {
    return Object.keys(this.#state.whole).length === 0
  }

  has(fileIdx: number): boolean {
    return this.#state.whole[fileIdx] !== undefined
  }

  /** Whether a file is complete and was not changed since. */
  isIntact(fileIdx: number, found: FileStamp | undefined): boolean {
    const noted = this.#state.whole[fileIdx]
    return noted !== undefined && isUnchanged(found, noted)
  }

  add(fileIdx: number, { size, mtimeMs }: FileStamp): void {
    this.#state = { whole: { ...this.#state.whole, [fileIdx]: { size, mtimeMs } } }
  }

  /** @returns whether it was complete */
  delete(fileIdx: number): boolean {
    if (!this.has(fileIdx)) return false
    const { [fileIdx]: _gone, ...whole } = this.#state.whole
    this.#state = { whole }
    return true
  }
}
