/** What we use of stremio-addon-client 1.16, which ships no types. */
declare module 'stremio-addon-client' {
  export interface AddonClient {
    readonly manifest: {
      readonly id: string
      readonly catalogs: readonly { readonly type: string; readonly id: string }[]
    }
    isSupported(resource: string, type: string, id: string): boolean
    get(resource: 'catalog', type: string, id: string, extra?: object): Promise<{ readonly metas: Meta[] }>
    get(resource: 'meta', type: string, id: string): Promise<{ readonly meta: Meta }>
    get(resource: 'stream', type: string, id: string): Promise<{ readonly streams: readonly object[] }>
  }

  export interface Meta {
    readonly id: string
    readonly type: string
    readonly name: string
  }

  const client: { detectFromURL(url: string): Promise<{ readonly addon?: AddonClient }> }
  export default client
}
