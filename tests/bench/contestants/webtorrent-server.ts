/**
 * webtorrent's own HTTP server, started as in its documentation, but without outside peers and without uTP. Adds every
 * torrent that it reads from standard input, and prints the address of its largest file as soon as it is known.
 */
import { createInterface } from 'node:readline'
import WebTorrent from 'webtorrent'

interface ServingClient {
  createServer(): { server: { listen(port: number): void; address(): { port: number } } }
}

const [path] = process.argv.slice(2)
const client = new WebTorrent({ dht: false, lsd: false, natUpnp: false, natPmp: false, utp: false })
const { server } = (client as unknown as ServingClient).createServer()
server.listen(0)
process.stdout.write('ready\n')

createInterface(process.stdin).on('line', (magnet) => {
  const torrent = client.add(magnet, { path })
  torrent.once('ready', () => {
    const files = (torrent as unknown as { files: { streamURL: string; length: number }[] }).files
    const [largest] = files.toSorted((a, b) => b.length - a.length)
    const url = `http://127.0.0.1:${server.address().port}${largest?.streamURL}`
    process.stdout.write(`${torrent.infoHash} ${url}\n`)
  })
})
