const AGAIN_AFTER_FAILURE_MS = 60_000

/**
 * A value that is fetched when it is first wanted, and again when it has grown old: then whoever wants it gets the old
 * one at once, also when no new one can be had.
 *
 * @param freshMs - how long a value is good
 * @param now - epoch ms
 * @returns gives the value; fails if none could be had so far
 */
export function remember<T>(
  load: () => Promise<T>,
  freshMs: (value: T) => number,
  now: () => number = Date.now,
): () => Promise<T> {
  let kept: { readonly value: T; readonly until: number } | undefined
  let loading: Promise<T> | undefined

  async function loadAnew(): Promise<T> {
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
    loading ??= loadAnew()
    return kept ? kept.value : loading
  }
}
