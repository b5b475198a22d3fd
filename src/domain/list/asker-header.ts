/**
 * Header by which one self-streme that asks another says so; its value is which one it is, from its start to its stop.
 * Whoever is asked answers with what it has or looks up itself, and one that hears its own name says `508`.
 */
export const ASKER_HEADER = 'Self-Streme-Asker'
