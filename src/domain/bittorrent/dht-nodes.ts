import { isPublicAddress } from '../clients/public-host.ts'

/** A node of the DHT (BEP 5) that answered us. */
export interface DhtNode {
  /** 40 hex digits, lower case */
  readonly id: string
  /** IPv4, on the internet */
  readonly host: string
  readonly port: number
  /** epoch ms */
  readonly seenAt: number
}

/** Nodes that are kept. */
const MAX_NODES = 200
/** Most nodes are computers that are switched off, or get another address. */
const MAX_AGE_MS = 7 * 24 * 60 * 60_000

/**
 * The nodes to keep: those that were seen last, one of each host. Without the limit, a file that others changed could
 * have us send two hundred datagrams to one victim.
 *
 * @param nodes - each may be there more than once
 * @param now - epoch ms
 */
export function nodesToKeep(nodes: Iterable<DhtNode>, now: number): DhtNode[] {
  const byHost = new Map<string, DhtNode>()
  for (const node of [...nodes].sort((one, other) => other.seenAt - one.seenAt)) {
    if (byHost.size >= MAX_NODES || now - node.seenAt > MAX_AGE_MS) break
    if (!byHost.has(node.host)) byHost.set(node.host, node)
  }
  return [...byHost.values()]
}

/** One line for each node: id, address and time. */
export function writeDhtNodes(nodes: readonly DhtNode[]): string {
  return nodes.map(({ id, host, port, seenAt }) => `${id} ${host}:${port} ${seenAt}\n`).join('')
}

/** Lines that are anything else are left out. */
export function parseDhtNodes(text: string): DhtNode[] {
  return text.split('\n').flatMap((line) => parseNode(line) ?? [])
}

const LINE = /^([\da-f]{40}) ((?:\d{1,3}\.){3}\d{1,3}):([1-9]\d{0,4}) (\d{1,15})$/

function parseNode(line: string): DhtNode | undefined {
  const [, id, host, port, seenAt] = LINE.exec(line) ?? []
  if (id === undefined || host === undefined || !isPublicAddress(host)) return undefined
  return Number(port) <= 65_535 ? { id, host, port: Number(port), seenAt: Number(seenAt) } : undefined
}
