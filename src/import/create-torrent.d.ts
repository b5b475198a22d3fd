/** What we use of create-torrent 6.1.3. */
declare module 'create-torrent' {
  interface CreateOptions {
    readonly name: string
    /** trackers in tiers (BEP 12); without it, a list of its own */
    readonly announceList: readonly (readonly string[])[]
    /** bytes; without it, 1 to 4 MiB for what is as long as a film, and about a thousand pieces for what is shorter */
    readonly pieceLength: number | undefined
    onProgress(hashedBytes: number, totalBytes: number): void
  }

  /** @param path - file or folder; of a folder, hidden files and junk are left out, and links are followed */
  export default function createTorrent(
    path: string,
    options: CreateOptions,
    done: (error: Error | null, metainfo: Uint8Array) => void,
  ): void
}
