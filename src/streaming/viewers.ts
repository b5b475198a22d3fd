import type { OpenMedia } from './open-media.ts'

/** Knows whether anything is being watched, so that background work can wait. */
export class Viewers {
  #count = 0

  get areThere(): boolean {
    return this.#count > 0
  }

  /** Counts requests until they end. */
  counted(openMedia: OpenMedia): OpenMedia {
    return async (request, gone) => {
      const media = await openMedia(request, gone)
      this.#count++
      return {
        ...media,
        [Symbol.asyncDispose]: async () => {
          this.#count--
          await media[Symbol.asyncDispose]()
        },
      }
    }
  }
}
