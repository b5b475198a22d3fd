import type { ServerResponse } from 'node:http'
import { sendJson } from './send-json.ts'

/** Answers a request whose method a path does not have (RFC 9110 §15.5.6). @param methods - as `Allow` names them */
export function refuseMethod(methods: string, res: ServerResponse): void {
  res.setHeader('Allow', methods)
  sendJson(res, 405, { error: 'request.invalid', message: `This answers ${methods}.` })
}
