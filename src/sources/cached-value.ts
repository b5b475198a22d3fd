const AGAIN_AFTER_FAILURE_MS = 60_000

/**
 * A value that is fetched on first use and again when it has expired. An expired value is returned at once while a new
 * one is fetched, and as long as fetching fails.
 *
 * @param freshMs - how long a value is fresh
 * @param now - epoch ms
 * @returns a getter; it fails if no fetch has succeeded yet
 */
export function cachedValue<T>(
  load: () => Promise<T>,
  freshMs: (value: T) => number,
  now: () => number = Date.now,
): () => Promise<T> {
  let kept: { readonly value: T; readonly until: number } | undefined
  let loading: Promise<T> | undefined

  async function reload(): Promise<T> {
    try {
      const value = await load()
      kept = { value, until: now() + freshMs(value) }
      return value
    } catch (error) {
      if (!kept) throw error
      kept = { ...kept, until: now() + AGAIN_AFTER_FAILURE_MS }
      return kept.value
    } finally {
      loading = undefined
    }
  }

  return async () => {
    if (kept && now() < kept.until) return kept.value
    loading ??= reload()
    return kept ? kept.value : loading
  }
}
