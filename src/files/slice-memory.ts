const KIB = 1024

/** Maximum slice length while less than this share of the memory is used. */
const STEPS = [
  { usedBelow: 1 / 16, bytes: 512 * KIB },
  { usedBelow: 1 / 8, bytes: 256 * KIB },
  { usedBelow: 1 / 4, bytes: 128 * KIB },
  { usedBelow: 1, bytes: 32 * KIB },
] as const

export const MIN_SLICE = 32 * KIB

interface Request {
  readonly bytes: number
  readonly grant: () => void
}

/**
 * Bounds the memory of all slices that are being read or sent. Few viewers get long slices, read one ahead; as more
 * memory is used, slices get shorter, so that a crowd of idle clients leaves some for others. When there is none,
 * streams queue.
 */
export class SliceMemory {
  readonly #mostBytes: number
  readonly #requests = new Set<Request>()
  #usedBytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Number of streams that wait for memory. */
  get waiting(): number {
    return this.#requests.size
  }

  /** Maximum length of a slice now, in bytes. */
  get longestSlice(): number {
    const used = this.#usedBytes / this.#mostBytes
    return STEPS.find(({ usedBelow }) => used < usedBelow)?.bytes ?? MIN_SLICE
  }

  /** Whether a stream may have two slices at a time. */
  get isPlenty(): boolean {
    return this.#usedBytes < this.#mostBytes / 4
  }

  /**
   * Resolves when `bytes` more may be used; they count until they are given back.
   *
   * @throws the signal's reason when it aborts first
   */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#requests.size === 0 && this.#fits(bytes)) {
      this.#usedBytes += bytes
      return
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const request = { bytes, grant: resolve }
    const leave = () => {
      this.#requests.delete(request)
      reject(signal.reason)
      this.#grant()
    }
    this.#requests.add(request)
    signal.addEventListener('abort', leave, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', leave))
  }

  giveBack(bytes: number): void {
    this.#usedBytes -= bytes
    this.#grant()
  }

  #grant(): void {
    for (const request of this.#requests) {
      if (!this.#fits(request.bytes)) return
      this.#requests.delete(request)
      this.#usedBytes += request.bytes
      request.grant()
    }
  }

  #fits(bytes: number): boolean {
    // A slice longer than the limit must not wait forever.
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#mostBytes
  }
}
