import { afterAll } from 'vitest'
import { startTestApp, type TestApp } from './test-app.ts'

/**
 * Servers that the tests of a file share, one for each set of settings, for tests that leave nothing behind: a start
 * takes a third of a second of the processor, most of it in the engine process.
 *
 * @returns what starts a server at the first use of its settings; all of them stop behind the last test
 */
export function sharedApps(): (settings?: Readonly<Record<string, string | undefined>>) => Promise<TestApp> {
  const apps = new Map<string, Promise<TestApp>>()
  afterAll(async () => {
    await using all = new AsyncDisposableStack()
    for (const start of await Promise.allSettled(apps.values()))
      if (start.status === 'fulfilled') all.use(start.value)
  })
  return (settings = {}) => {
    const key = JSON.stringify(Object.entries(settings).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    const app = apps.get(key) ?? startTestApp(settings)
    apps.set(key, app)
    return app
  }
}
