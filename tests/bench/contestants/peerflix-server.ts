/**
 * What `peerflix <magnet> --quiet` does, without a player and without outside peers: reads the magnet link from
 * standard input, and prints the address of its server. It waits for the link, so that the start of Node does not
 * count.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import peerflix from 'peerflix'

const [folder, peerPort] = process.argv.slice(2)
process.stdout.write('ready\n')
const [magnet] = (await once(createInterface(process.stdin), 'line')) as [string]
const { server } = peerflix(magnet, {
  // The command's own default for more than one core.
  connections: 100,
  dht: false,
  // Several that start together would all find the default port free, and then try to bind it.
  peerPort: Number(peerPort),
  path: folder,
  // It stores torrent files here, which would make the next start a warm one.
  tmp: folder,
})
server.on('listening', () => process.stdout.write(`http://127.0.0.1:${server.address().port}/\n`))
