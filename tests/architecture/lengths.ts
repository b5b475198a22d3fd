import { globSync, readFileSync } from 'node:fs'
import ts from 'typescript'

/** What a reader can keep in mind. A longer function says why it is, a longer file is two. */
const MAX_FILE_LINES = 250
const MAX_FUNCTION_LINES = 60
/** What comes after is an object, whose names say at the call what is what. */
const MAX_PARAMETERS = 4

/** What is too long, by where it is: `src/a.ts`, or `src/a.ts name` of a function. */
interface Lengths {
  readonly files: Readonly<Record<string, number>>
  readonly functions: Readonly<Record<string, number>>
  readonly parameters: Readonly<Record<string, number>>
}

/** Everything in `src` that is over a limit. Declarations of other people's packages are theirs. */
export function lengthsOfSources(): Lengths & { readonly fileCount: number } {
  const names = globSync('src/**/*.ts').filter((name) => !name.endsWith('.d.ts'))
  const each = names.map((name) => lengthsOf(name, readFileSync(name, 'utf8')))
  return {
    fileCount: names.length,
    files: Object.assign({}, ...each.map(({ files }) => files)),
    functions: Object.assign({}, ...each.map(({ functions }) => functions)),
    parameters: Object.assign({}, ...each.map(({ parameters }) => parameters)),
  }
}

/** @param name - of the file */
export function lengthsOf(name: string, text: string): Lengths {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true)
  const lines = text.trimEnd().split('\n')
  const functions: Record<string, number> = {}
  const parameters: Record<string, number> = {}
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const key = `${name} ${nameOf(node)}`
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line
      const length = source.getLineAndCharacterOfPosition(node.end).line - first + 1
      if (length > MAX_FUNCTION_LINES && !hasReason(lines, first))
        functions[key] = Math.max(length, functions[key] ?? 0)
      const count = node.parameters.length
      if (count > MAX_PARAMETERS) parameters[key] = Math.max(count, parameters[key] ?? 0)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { files: lines.length > MAX_FILE_LINES ? { [name]: lines.length } : {}, functions, parameters }
}

/** `// long: why it is one function` in the comment right above. */
function hasReason(lines: readonly string[], first: number): boolean {
  for (let at = first - 1; /^\s*(\/\/|\/?\*)/.test(lines[at] ?? ''); at--) {
    if (/^\s*\/\/ long: \S.{15,}/.test(lines[at] ?? '')) return true
  }
  return false
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (ts.isConstructorDeclaration(node)) return `new ${node.parent.name?.text ?? ''}`
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined)
  return named?.getText() ?? 'without a name'
}
