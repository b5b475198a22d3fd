import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

/**
 * Log messages that are a contract: guides and scripts of users search the log for these words, so they never change. The
 * wording of all other messages may. `tests/e2e/process.test.ts` holds each of them to the letter.
 */
export const LOG_MESSAGES = {
  adding: (infoHash: InfoHash) => `Adding new torrent: magnet:?xt=urn:btih:${infoHash}`,
  starting: (infoHash: InfoHash) => `Starting torrent stream for hash: ${infoHash}`,
  ready: (name: string, files: number) => `Torrent ready: ${name}, files: ${files}`,
  selected: (name: string, bytes: number) => `Selected file: ${name} (${bytes} bytes)`,
  fromFile: (infoHash: InfoHash, path: string) => `Using file stream for ${infoHash}: ${path}`,
  fromTorrent: (infoHash: InfoHash) => `Using torrent stream for ${infoHash} (file not ready)`,
  progress: (percent: string, peers: number, speed: number) =>
    `Download progress: ${percent}%, peers: ${peers}, speed: ${speed}`,
  complete: (name: string) => `Download complete: ${name}`,
  cleanedUp: (infoHash: InfoHash) => `Cleaned up torrent: ${infoHash}`,
} as const
