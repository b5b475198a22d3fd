const REFUSALS = ['ENOSPC', 'EDQUOT', 'EROFS'] as const

/** Why a disk takes nothing more: it is full, the user's share of it is used up, or it is read-only. All of them can pass. */
export type Refusal = (typeof REFUSALS)[number]

/** Whether a write failed because the disk takes nothing more; `undefined` if it failed for another reason. */
export function refusalOf(error: unknown): Refusal | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return REFUSALS.find((refusal) => refusal === code)
}
