import type { Usage } from '../domain/usage.ts'
import type { Contents } from '../storage/contents.ts'

/** A torrent on disk: what there is of it, and how it is used. */
export interface CacheEntry {
  readonly contents: Contents
  readonly usage: Usage
}
