import { readFileSync } from 'node:fs'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { run, runAsRoot } from './as-root.ts'
import { skipped } from './installed.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Whether this process may mount an ext4 image. */
export const canLoop = await tryToLoop()

/** A small ext4. */
export interface LoopDisk extends AsyncDisposable {
  readonly path: string
  /** Makes it detect an error of its own, after which it stays read-only. Unwritten data is lost. */
  fail(): void
  /** Unmounts it; fails while a file on it is open. */
  unmount(): void
  /** Mounts it again, repaired. */
  mount(): void
}

export async function makeLoopDisk(bytes: number): Promise<LoopDisk> {
  await using made = new AsyncDisposableStack()
  const folder = made.use(await temporaryFolder())
  const [image, path] = [join(folder.path, 'image'), join(folder.path, 'disk')]
  await writeFile(image, '')
  await truncate(image, bytes)
  await mkdir(path)
  run('sh', '-c', 'PATH=$PATH:/usr/sbin mkfs.ext4 -q "$0"', image)
  const mount = () => void runAsRoot('mount', '-o', 'loop,errors=remount-ro', image, path)
  mount()
  made.defer(() => void runAsRoot('umount', '--lazy', path))
  runAsRoot('chmod', '1777', path)
  const parts = made.move()
  return {
    path,
    fail() {
      const [device = ''] = mountOf(path)
      runAsRoot('sh', '-c', `echo a test > /sys/fs/ext4/${basename(device)}/trigger_fs_error`)
    },
    unmount: () => void runAsRoot('umount', path),
    mount() {
      // It repairs errors and reports that in its exit code.
      run('sh', '-c', 'PATH=$PATH:/usr/sbin fsck.ext4 -p "$0" || [ $? -lt 4 ]', image)
      mount()
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

function mountOf(path: string): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8').split('\n')
  return mounts.map((line) => line.split(' ')).find(([, at]) => at === path) ?? []
}

async function tryToLoop(): Promise<boolean> {
  try {
    await using disk = await makeLoopDisk(1024 * 1024)
    return disk.path !== ''
  } catch (cause) {
    const why = String(cause).split('\n')[0]
    return skipped(
      'tests on a failing disk',
      `no ext4 can be mounted (${why})`,
      'needs root, or sudo without a password',
      cause,
    )
  }
}
