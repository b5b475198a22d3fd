/** Enough to keep a disk busy with small files; each may hold a file open. */
const AT_ONCE = 16

/** Does something for all items, a few at a time. */
export async function forEachParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const item of left) await work(item)
    }),
  )
}
