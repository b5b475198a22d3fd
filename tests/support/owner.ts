/** The password of every server that a test starts, unless the test says otherwise. */
export const OWNER_PASSWORD = 'the owner of this test'

/** Headers that prove the owner. */
export const AS_OWNER = { Authorization: `Bearer ${OWNER_PASSWORD}` } as const
