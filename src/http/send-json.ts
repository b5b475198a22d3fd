import type { ServerResponse } from 'node:http'
import { printableText } from '../lib/printable.ts'

/** Ends an answer with JSON that is safe to print; for HEAD, Node sends only the headers. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  const text = printableText(JSON.stringify(body))
  res.statusCode = status
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}
