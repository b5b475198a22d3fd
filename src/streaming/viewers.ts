import type { OpenMedia } from './open-media.ts'

/** Knows whether anybody watches anything just now, so that others can give way. */
export class Viewers {
  #count = 0

  get areThere(): boolean {
    return this.#count > 0
  }

  /** Counts those who open a film until they leave. */
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
