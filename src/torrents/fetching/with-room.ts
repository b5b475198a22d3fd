import type { DiskRoom } from '../../disk/disk-room.ts'
import { SelfStremeError } from '../../domain/errors.ts'

/** Room for what we save of a torrent: its torrent file, which pieces are on disk, its usage. */
export const NOTES_BYTES = 1024 * 1024

/**
 * Writes something small into a folder; if the disk is full, tries once more after room was made.
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
