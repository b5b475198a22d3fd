import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const SOURCE = new URL('../../src/', import.meta.url)

/** A file of `src`, without the extension. */
export interface SourceFile {
  readonly name: string
  readonly path: string
  readonly regularExpressions: readonly RegExp[]
  /** whether it builds regular expressions from text */
  readonly makesRegularExpressions: boolean
  /** exported functions that take text, or values that hold text */
  readonly functions: readonly string[]
}

/** Types of text from strangers, and of what is made of it. */
const TEXT =
  /\b(?:string|unknown|object|Uint8Array|Buffer|InfoHash|TorrentInfo|TorrentFile|Pack|ReadVideo|NameNumbers|LibraryName|Found|Candidate|Listed\w*|VideoId|\w*Choice|Selection|Title|\w+Item|IncomingMessage|Request|ClientHeaders|LogFields)\b/

export function readSource(): SourceFile[] {
  return readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => read(name.slice(0, -'.ts'.length), new URL(name, SOURCE)))
}

function read(name: string, url: URL): SourceFile {
  const path = fileURLToPath(url)
  const file = ts.createSourceFile(path, readFileSync(url, 'utf8'), ts.ScriptTarget.Latest)
  const regularExpressions: RegExp[] = []
  let makesRegularExpressions = false
  const splitting = new Set<ts.Node>()
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /\.split$/.test(node.expression.getText(file)))
      for (const argument of node.arguments) splitting.add(argument)
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/')
      const flags = new Set([...node.text.slice(end + 1), ...(splitting.has(node) ? ['g'] : [])])
      regularExpressions.push(new RegExp(node.text.slice(1, end), [...flags].join('')))
    }
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText(file) === 'RegExp')
      makesRegularExpressions = true
    ts.forEachChild(node, visit)
  }
  visit(file)
  const functions = file.statements.flatMap((node) => exportedFunctions(node, file))
  return { name, path, regularExpressions, makesRegularExpressions, functions }
}

function exportedFunctions(node: ts.Statement, file: ts.SourceFile): string[] {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : []
  if (!modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return []
  if (ts.isFunctionDeclaration(node)) return takesText(node, file) ? [node.name?.text ?? 'default'] : []
  if (!ts.isVariableStatement(node)) return []
  return node.declarationList.declarations.flatMap(({ name, initializer }) => {
    if (!initializer || !(ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer))) return []
    return takesText(initializer, file) ? [name.getText(file)] : []
  })
}

function takesText({ parameters }: ts.SignatureDeclaration, file: ts.SourceFile): boolean {
  return parameters.some(({ type }) => type !== undefined && TEXT.test(type.getText(file)))
}
