/**
 * What `peerflix <magnet> --quiet` does, without a player and without the swarm outside: takes the magnet on standard
 * input, and prints the address of its server. Waits for the magnet, so that starting Node does not count.
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
  // Several that start together would all find its default free, and then take it.
  peerPort: Number(peerPort),
  path: folder,
  // It keeps torrent files here, which would make the next start a warm one.
  tmp: folder,
})
server.on('listening', () => process.stdout.write(`http://127.0.0.1:${server.address().port}/\n`))
