import { basename, dirname, extname, join } from 'node:path'
import { isVideo } from '../domain/content-type.ts'
import { isSample } from '../domain/names/extras.ts'
import { isSubtitle, readSubtitle, readSubtitleOf } from '../domain/names/sidecar-subtitle.ts'
import type { SidecarSubtitle } from './library-file.ts'

const SUBTITLE_FOLDERS = ['Subs', 'subs', 'Subtitles', 'subtitles', 'Sub', 'sub', 'SUBS']

/** Which files with subtitles lie beside which videos. */
export class Sidecars {
  /** names of videos and of subtitles, by folder */
  readonly #videos = new Map<string, Set<string>>()
  readonly #subtitles = new Map<string, Set<string>>()

  put(path: string): void {
    add(this.#subtitles, path)
  }

  putVideo(path: string): void {
    add(this.#videos, path)
  }

  remove(path: string): void {
    if (isVideo(path)) take(this.#videos, path)
    else if (isSubtitle(path)) take(this.#subtitles, path)
  }

  /**
   * `Film.mkv` has `Film.srt`, `Film.en.srt` and `Subs/Film.en.srt`; `Subs/Film/2_English.srt`; and all that lies in
   * `Subs` if it is the only film there.
   */
  of(video: string): SidecarSubtitle[] {
    const directory = dirname(video)
    const stem = stemOf(video)
    const beside = ['', ...SUBTITLE_FOLDERS].flatMap((folder) => this.#named(video, join(directory, folder)))
    const own = SUBTITLE_FOLDERS.flatMap((folder) => this.#all(join(directory, folder, stem)))
    const found = new Set(beside.map(({ path }) => path))
    const shared = this.#isAlone(video)
      ? SUBTITLE_FOLDERS.flatMap((folder) => this.#all(join(directory, folder))).filter(
          ({ path }) => !found.has(path),
        )
      : []
    return [...beside, ...own, ...shared].sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Those in a folder that are called like the video. */
  #named(video: string, folder: string): SidecarSubtitle[] {
    return [...(this.#subtitles.get(folder) ?? [])].flatMap((name) => {
      const read = readSubtitleOf(stemOf(video), name)
      return read ? { ...read, path: join(folder, name) } : []
    })
  }

  #all(folder: string): SidecarSubtitle[] {
    return [...(this.#subtitles.get(folder) ?? [])].flatMap((name) => {
      const read = readSubtitle(name)
      return read ? { ...read, path: join(folder, name) } : []
    })
  }

  #isAlone(video: string): boolean {
    const videos = [...(this.#videos.get(dirname(video)) ?? [])].filter((name) => !isSample(name))
    return videos.length === 1 && videos[0] === basename(video)
  }
}

function stemOf(path: string): string {
  return basename(path, extname(path))
}

function add(folders: Map<string, Set<string>>, path: string): void {
  const names = folders.get(dirname(path))
  if (names) names.add(basename(path))
  else folders.set(dirname(path), new Set([basename(path)]))
}

function take(folders: Map<string, Set<string>>, path: string): void {
  const names = folders.get(dirname(path))
  names?.delete(basename(path))
  if (names?.size === 0) folders.delete(dirname(path))
}
