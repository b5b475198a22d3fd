/** Options of a webtorrent that looks for no peers, and is found by none. */
export const ALONE = {
  dht: false,
  lsd: false,
  utp: false,
  natUpnp: false,
  natPmp: false,
  tracker: false,
} as const
