/** With this, one SYN that is lost is sent again (after 1 s, RFC 6298) before the time is over. */
const CONNECT_MS = { short: 2_000, long: 5_000 }
const HANDSHAKE_MS = { short: 3_000, long: 10_000 }
/** An encrypted handshake takes two turns more, and both sides compute. */
const ENCRYPTED_FACTOR = 2

/**
 * How long an address may take to connect, and then to send its handshake, in ms. Short limits hold only while another
 * address waits for the dial: 2 s lose nothing then, because the address is dialled again later.
 */
export function timeLimits(
  isAnotherWaiting: boolean,
  isEncrypted: boolean,
): { connect: number; handshake: number } {
  const limit = isAnotherWaiting ? 'short' : 'long'
  return { connect: CONNECT_MS[limit], handshake: HANDSHAKE_MS[limit] * (isEncrypted ? ENCRYPTED_FACTOR : 1) }
}
