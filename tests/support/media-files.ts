import { execFileSync } from 'node:child_process'
import { isInstalled } from './installed.ts'

/** Whether ffmpeg is installed, the player of the player tests. */
export const hasPlayer = isInstalled('ffmpeg', ['ffprobe', '-version'], 'tests with a real player')

/** Makes a short real film: moving test picture and a tone. Its name decides the container and where the index is. */
export function makeFilm(path: string): void {
  const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25:duration=20']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=20']
  // By default ffmpeg writes the index of an MP4 at the end.
  const codecs = ['-c:v', 'mpeg4', '-b:v', '6M', '-g', '50', '-c:a', 'aac']
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...picture, ...sound, ...codecs, path])
}
