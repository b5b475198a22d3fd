import type { ServerResponse } from 'node:http'
import { sendJson } from './send-json.ts'

/** Answers a request whose method the path does not support (RFC 9110 §15.5.6). @param methods - value of `Allow` */
export function refuseMethod(methods: string, res: ServerResponse): void {
  res.setHeader('Allow', methods)
  sendJson(res, 405, {
    error: 'request.invalid',
    message: `Method not allowed. Use ${methods.replace(/, (?=\w+$)/, ' or ')}.`,
  })
}
