const REFUSALS = ['ENOSPC', 'EDQUOT', 'EROFS'] as const

/** Why a disk refuses writes: it is full, over quota, or read-only. All of them may be temporary. */
export type Refusal = (typeof REFUSALS)[number]

/** Whether a write failed because the disk refuses writes; `undefined` if it failed for another reason. */
export function refusalOf(error: unknown): Refusal | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return REFUSALS.find((refusal) => refusal === code)
}
