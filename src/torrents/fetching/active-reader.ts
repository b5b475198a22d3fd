import type { TorrentFile } from '../../domain/bittorrent/metainfo.ts'
import type { Reader } from './window-planner.ts'

const MEASURE_MS = 250
/** Weight of the old rate at each measurement. */
const INERTIA = 0.7

/** A reader's position and pace. */
export class ActiveReader implements Reader {
  readonly file: TorrentFile
  readonly end: number
  position: number
  delivered = 0
  bytesPerSecond = 0
  #measuredAt: number
  #unmeasured = 0

  /** @param now - ms, on the clock of {@link onDelivered} */
  constructor(file: TorrentFile, start: number, end: number, now: number) {
    this.file = file
    this.position = start
    this.end = end
    this.#measuredAt = now
  }

  onDelivered(bytes: number, now: number): void {
    this.position += bytes
    this.delivered += bytes
    this.#unmeasured += bytes
    const elapsedMs = now - this.#measuredAt
    if (elapsedMs < MEASURE_MS) return
    const rate = (this.#unmeasured * 1000) / elapsedMs
    this.bytesPerSecond =
      this.bytesPerSecond === 0 ? rate : this.bytesPerSecond * INERTIA + rate * (1 - INERTIA)
    this.#measuredAt = now
    this.#unmeasured = 0
  }
}
