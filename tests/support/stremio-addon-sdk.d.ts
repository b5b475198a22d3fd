/** The part of the SDK that serves addons; see `src/addon/stremio-addon-sdk.d.ts` for the builder. */
declare module 'stremio-addon-sdk/src/getRouter.js' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  import type { AddonInterface } from 'stremio-addon-sdk/src/builder.js'

  export default function getRouter(
    addon: AddonInterface,
  ): (req: IncomingMessage, res: ServerResponse, next: () => void) => void
}
