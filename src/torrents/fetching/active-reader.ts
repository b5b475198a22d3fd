import type { TorrentFile } from '../../domain/bittorrent/metainfo.ts'
import type { Reader } from './window-planner.ts'

const MEASURE_MS = 250
/** How much of the old rate stays at each measurement. */
const INERTIA = 0.7

/** Somebody who reads now: how far they have come, and how fast. */
export class ActiveReader implements Reader {
  readonly file: TorrentFile
  readonly end: number
  position: number
  delivered = 0
  bytesPerSecond = 0
  #measuredAt: number
  #unmeasured = 0

  /** @param now - ms, on any clock that {@link onDelivered} is told the time of as well */
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
