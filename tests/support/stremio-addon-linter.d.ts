/** What we use of stremio-addon-linter 1.7, which ships no types. */
declare module 'stremio-addon-linter' {
  export interface LintResult {
    readonly valid: boolean
    readonly errors: readonly Error[]
    readonly warnings: readonly Error[]
  }

  const linter: { lintManifest(manifest: unknown): LintResult }
  export default linter
}
