import type { DhtClient } from 'webtorrent'
import type { DhtNode } from '../../domain/bittorrent/dht-nodes.ts'
import { isPublicAddress } from '../../domain/clients/public-host.ts'

const REPORT_MS = 5 * 60_000

/** The DHT's routing table, which main keeps for the next start. */
export interface DhtTable {
  /** The nodes in it that answered, or asked us something. */
  nodes(): DhtNode[]
}

/**
 * Puts kept nodes into the DHT's table, and reports what is in it: when the first search for nodes has ended, and every
 * five minutes. With kept nodes, torrents are looked up at once. Without any, bittorrent-dht asks its bootstrap hosts
 * first, whose names have to be resolved. Nodes that do not answer are dropped with their first query.
 *
 * Call it in the turn in which the DHT was made: in the next one it asks the bootstrap hosts.
 */
export function keepDhtTable(
  dht: DhtClient,
  kept: readonly DhtNode[],
  report: (nodes: readonly DhtNode[]) => void,
): DhtTable {
  for (const { id, host, port } of kept) dht.addNode({ id, host, port })
  const table: DhtTable = {
    nodes: () =>
      dht.nodes.toArray().flatMap(({ id, host, port, seen }) => {
        // Others cannot be asked (`peer-sources`). A kept node that was not heard from yet has no time.
        if (!isPublicAddress(host) || seen === undefined) return []
        return { id: Buffer.from(id).toString('hex'), host, port, seenAt: seen }
      }),
  }
  dht.once('ready', () => report(table.nodes()))
  setInterval(() => report(table.nodes()), REPORT_MS).unref()
  return table
}
