/** Ended by the peer so soon after it was connected, without a byte: it may take encrypted connections only. */
const NO_BYTE_MS = 2_500
/** Ended by the peer so soon after its handshake: it may not like what came with ours. */
const HUNG_UP_MS = 3_000

export type DialOutcome =
  /** no connection, or none within the time allowed */
  | 'failed'
  /** the connection ended before a byte came */
  | 'no byte'
  /** the peer ended it soon after its handshake, and gave nothing; it does not have the extension protocol (BEP 10) */
  | 'hung up'
  /** the same by a peer that has it: most such peers have no place for us */
  | 'left'
  /** there was a connection; it gave nothing */
  | 'gave nothing'
  /** there was a connection, and the peer gave blocks or metadata */
  | 'gave'

/** A dial that has ended. Times in ms, on the monotonic clock; 0 = it did not come to that. */
export interface EndedDial {
  readonly connectedAt: number
  readonly handshakeAt: number
  readonly hasBytes: boolean
  readonly gave: boolean
  /** the peer ended the connection, not we */
  readonly isHungUp: boolean
  /** the peer has the extension protocol (BEP 10) */
  readonly hasExtensions: boolean
}

/** How a dial ended that ends now. */
export function outcomeOf(dial: EndedDial, now: number): DialOutcome {
  const { connectedAt, handshakeAt, hasBytes, gave, isHungUp, hasExtensions } = dial
  if (!connectedAt) return 'failed'
  if (!handshakeAt) return !hasBytes && now - connectedAt < NO_BYTE_MS ? 'no byte' : 'gave nothing'
  if (gave) return 'gave'
  if (!isHungUp || now - handshakeAt > HUNG_UP_MS) return 'gave nothing'
  return hasExtensions ? 'left' : 'hung up'
}
