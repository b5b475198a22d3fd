/** Only the builder: the SDK's index also loads its own web server. */
declare module 'stremio-addon-sdk/src/builder.js' {
  export interface HandlerArguments {
    readonly type: string
    readonly id: string
    readonly extra: Readonly<Record<string, string>>
    /** fifth argument of {@link AddonInterface.get}, passed through */
    readonly config: unknown
  }
  export type Handler = (args: HandlerArguments) => Promise<object>

  export interface AddonInterface {
    readonly manifest: object
    get(
      resource: string,
      type: string,
      id: string,
      extra: Readonly<Record<string, string>>,
      config: unknown,
    ): Promise<object>
  }

  export default class AddonBuilder {
    constructor(manifest: object)
    defineStreamHandler(handler: Handler): this
    defineMetaHandler(handler: Handler): this
    defineCatalogHandler(handler: Handler): this
    getInterface(): AddonInterface
  }
}
