import { execFileSync } from 'node:child_process'
import { isInstalled } from './installed.ts'

/** Whether ffmpeg is there, the player of the player tests. Where `CI` is set, it has to be. */
export const hasPlayer = isInstalled('ffmpeg', ['ffprobe', '-version'], 'the tests with a real player are')

/** Makes a short real film: moving test picture and a tone. Container and place of the index follow from the name. */
export function makeFilm(path: string): void {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25:duration=20']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=20']
  // ffmpeg writes the index of an MP4 at the end unless it is told otherwise.
  const codecs = ['-c:v', 'mpeg4', '-b:v', '6M', '-g', '50', '-c:a', 'aac']
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...picture, ...sound, ...codecs, path])
}
