import { lstat } from 'node:fs/promises'

/** A name that nothing has yet: the one that is wanted, or with a number behind it. */
export async function freeName(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? path : `${path}.${n}`
    if (!(await exists(name))) return name
  }
}

/** Whether there is anything of that name, be it a link that leads nowhere. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
