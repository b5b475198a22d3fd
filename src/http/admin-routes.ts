import { Router } from 'express'
import { type AccessOptions, adminGuard } from './guards.ts'

export interface Admin {
  cleanup(): Promise<{ readonly removed: number; readonly freedBytes: number }>
}

/** What only the owner may do. No page of another site may read the answers: there are no CORS headers here. */
export function adminRoutes(access: AccessOptions, admin: Admin): Router {
  const router = Router({ strict: true })
  router.post('/admin/cleanup', adminGuard(access), async (_req, res) => {
    const { removed, freedBytes } = await admin.cleanup()
    res.set('Cache-Control', 'no-store').json({ removed, freedBytes })
  })
  router.all('/admin/cleanup', (_req, res) => {
    res.status(405).set('Allow', 'POST').json({ error: 'request.invalid', message: 'This answers POST.' })
  })
  return router
}
