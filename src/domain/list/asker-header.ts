/**
 * Header by which a self-streme that asks another identifies itself; its value is unique to one run of the server. The
 * other answers with what it has or looks up itself, and a server that receives its own value answers `508`.
 */
export const ASKER_HEADER = 'Self-Streme-Asker'
