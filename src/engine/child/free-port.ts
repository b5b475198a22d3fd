import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

/** @returns the port if it is free, else 0: the system then chooses one */
export async function freeTcpPort(port: number): Promise<number> {
  const server = createServer()
  try {
    server.listen(port)
    await once(server, 'listening')
    return port
  } catch {
    return 0
  } finally {
    server.close()
  }
}

/** The same for UDP. */
export async function freeUdpPort(port: number): Promise<number> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port)
    await once(socket, 'listening')
    return port
  } catch {
    return 0
  } finally {
    socket.close()
  }
}
