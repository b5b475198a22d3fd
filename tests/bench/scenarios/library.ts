import { mkdir, truncate, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { startProcess } from '../measure/own-process.ts'
import type { Figures, Scenario } from '../scenario.ts'

const FILMS = 10_000
const EPISODES = 10_000
const PROCESS = new URL('../measure/library-process.ts', import.meta.url)

export const library: Scenario = {
  about: `a MEDIA_PATH with ${FILMS} films and ${EPISODES} episodes: looking at it, catalogues, and a film by its title`,
  async prepare() {
    const folder = await temporaryFolder()
    await fill(folder.path)
    const measure = async (): Promise<Figures> => {
      await using measured = startProcess(process.execPath, [
        PROCESS,
        folder.path,
        'The Film of 77',
        yearOf(77),
      ])
      return JSON.parse(await measured.nextLine(/^\{/)) as Figures
    }
    return {
      cases: [{ name: `${FILMS + EPISODES} files`, contestants: ['self-streme'], measure }],
      [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
    }
  },
}

async function fill(root: string): Promise<void> {
  const films = Array.from({ length: FILMS }, (_, n) => {
    return `Films/The Film of ${n} (${yearOf(n)})/The.Film.of.${n}.${yearOf(n)}.1080p.BluRay.x264-GRP.mkv`
  })
  const episodes = Array.from({ length: EPISODES }, (_, n) => {
    const [show, season, episode] = [n % 200, (Math.floor(n / 200) % 5) + 1, Math.floor(n / 1000) + 10]
    return `Shows/Show ${show}/Season ${season}/Show.${show}.S0${season}E${episode}.720p.WEB-DL-GRP.mkv`
  })
  for (const path of [...films, ...episodes].map((each) => join(root, each))) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, '')
    await truncate(path, 1024 * 1024)
    await utimes(path, 1_700_000_000, 1_700_000_000)
  }
}

function yearOf(n: number): number {
  return 1950 + (n % 70)
}
