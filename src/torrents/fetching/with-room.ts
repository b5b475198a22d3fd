import type { DiskRoom } from '../../disk/disk-room.ts'
import { SelfStremeError } from '../../domain/errors.ts'

/** What we note of a torrent may take so much: its torrent file, which pieces are there, how it is used. */
export const NOTES_BYTES = 1024 * 1024

/**
 * Writes something small into a folder; where the disk is too full for it, once more when room was made.
 *
 * @param write - leaves nothing behind when it fails
 * @throws SelfStremeError `disk.full`, `disk.read_only`; what `write` throws
 */
export async function withRoom(room: DiskRoom, base: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (!(error instanceof SelfStremeError && error.code === 'disk.full')) throw error
    await room.need(base, NOTES_BYTES)
    await write()
  }
}
