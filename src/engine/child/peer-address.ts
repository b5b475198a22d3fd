/** The host in an address as webtorrent writes it: `[2001:db8::1]:6881` → `2001:db8::1` */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
}
