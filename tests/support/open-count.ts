import { openFilesOf } from './processes.ts'

/** The number of files in a folder that a process has open. */
export function openIn(folder: string, pid = process.pid): number {
  return openFilesOf(pid).filter((path) => path.startsWith(folder)).length
}

/** The highest `count`, checked whenever there is time. */
export function watchCount(count: () => number): { most(): number } & Disposable {
  let most = 0
  const look = () => {
    most = Math.max(most, count())
  }
  const timer = setInterval(look, 1)
  return {
    most() {
      look()
      return most
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}
