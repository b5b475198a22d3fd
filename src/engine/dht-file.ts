import { dirname } from 'node:path'
import { type DhtNode, nodesToKeep, parseDhtNodes, writeDhtNodes } from '../domain/bittorrent/dht-nodes.ts'
import { messageOf } from '../domain/errors.ts'
import { isAbsent } from '../files/if-there.ts'
import { makeFolder } from '../files/make-folder.ts'
import { readSmallFile } from '../files/small-file.ts'
import { writeFileAtomic } from '../files/write-file-atomic.ts'
import type { Log } from '../observe/log.ts'

/** 200 nodes take at most 16 KB. */
const MAX_BYTES = 32 * 1024
/** They show that this server is used, and since when. */
const ONLY_OURS = 0o600

/** Keeps nodes of the DHT, so that the next start finds peers without asking a bootstrap host first. */
export class DhtFile {
  readonly #path: string
  readonly #log: Log
  readonly #loaded: Promise<void>
  #nodes: readonly DhtNode[] = []
  #turn: Promise<void>

  constructor(path: string, log: Log) {
    this.#path = path
    this.#log = log
    this.#loaded = this.#load()
    this.#turn = this.#loaded
  }

  /** The nodes to begin with. */
  async nodes(): Promise<readonly DhtNode[]> {
    await this.#loaded
    return this.#nodes
  }

  /** Keeps nodes that are in use, and of the others those that were seen lately. Resolves when they are saved, or cannot be. */
  note(found: readonly DhtNode[]): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      // While the internet is not reachable, there are none.
      if (found.length === 0) return
      this.#nodes = nodesToKeep([...found, ...this.#nodes], Date.now())
      try {
        await makeFolder(dirname(this.#path))
        await writeFileAtomic(this.#path, writeDhtNodes(this.#nodes), ONLY_OURS)
      } catch (error) {
        this.#log.debug('DHT nodes not saved', { path: this.#path, reason: messageOf(error) })
      }
    })
    return this.#turn
  }

  /** Resolves when everything noted so far is saved. */
  get saved(): Promise<void> {
    return this.#turn
  }

  async #load(): Promise<void> {
    try {
      const { content } = await readSmallFile(this.#path, MAX_BYTES)
      this.#nodes = nodesToKeep(parseDhtNodes(content), Date.now())
    } catch (error) {
      if (isAbsent(error)) return
      this.#log.debug('kept DHT nodes are not used', { path: this.#path, reason: messageOf(error) })
    }
  }
}
