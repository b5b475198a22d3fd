/** The part of create-torrent 6.1.3 that we use. */
declare module 'create-torrent' {
  interface CreateOptions {
    readonly name: string
    /** trackers in tiers (BEP 12); by default a built-in list */
    readonly announceList: readonly (readonly string[])[]
    /**
     * bytes; by default 1 to 4 MiB for files as long as a film, and a length that gives about a thousand pieces for
     * shorter ones
     */
    readonly pieceLength: number | undefined
    onProgress(hashedBytes: number, totalBytes: number): void
  }

  /** @param path - file or folder; in a folder, hidden files and junk are skipped, and links are followed */
  export default function createTorrent(
    path: string,
    options: CreateOptions,
    done: (error: Error | null, metainfo: Uint8Array) => void,
  ): void
}
