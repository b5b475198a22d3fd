/** The server as `main.ts` starts it, except that it resolves the names of strangers at the DNS servers of a test. */
import { createApp } from '../../../src/app.ts'
import { readConfig } from '../../../src/config/config.ts'
import type { EngineOptions } from '../../../src/engine/engine.ts'

const config = readConfig(process.env)
const more: Pick<EngineOptions, 'nameServers'> = { nameServers: process.env.NAME_SERVERS?.split(',') }
await createApp({ ...config, engine: { ...config.engine, ...more } })
