/** A plain file server: `node express-send-server.ts <file>` prints its address. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import send from 'send'

const [path = ''] = process.argv.slice(2)
const app = express()
app.get('/film', (req, res) => {
  send(req, path).pipe(res)
})
const server = app.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}/film\n`)
})
