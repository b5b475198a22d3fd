import { type RequestHandler, Router } from 'express'
import { onlyMethods } from './only-methods.ts'

export interface Admin {
  cleanup(): Promise<{
    readonly removed: number
    readonly freedBytes: number
    readonly kept: readonly object[]
  }>
}

/** Routes for the owner only. They have no CORS headers, so that no page of another site can read the answers. */
export function adminRoutes(onlyOwner: RequestHandler, admin: Admin): Router {
  const router = Router({ strict: true })
  onlyMethods(router, '/admin/cleanup', {
    post: [
      onlyOwner,
      async (_req, res) => {
        const { removed, freedBytes, kept } = await admin.cleanup()
        res.set('Cache-Control', 'no-store').json({ removed, freedBytes, kept })
      },
    ],
  })
  return router
}
