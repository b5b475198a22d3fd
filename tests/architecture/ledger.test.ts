import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'

/** Knowing its types is enough to see what a signature takes; Node's are not needed for it. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2024,
  lib: ['lib.es2024.d.ts'],
  module: ts.ModuleKind.NodeNext,
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  types: [],
}

/** Downloads and clean-up both work with the disk room. If it could call one of them, they would call each other. */
test('nothing in src/disk is given a function, or an object that has one', () => {
  const names = globSync('src/disk/*.ts')
  const found = functionsTaken(names)
  expect(found.signatures).toEqual(expect.arrayContaining(['DiskRoom.need', 'DiskRoom.renew', 'volumeOf']))
  expect(found.functions).toEqual([])
})

test('a function that is given to a class or a function is found, also as part of an object', () => {
  const { functions } = functionsTaken(['src/lib/waiters.ts', 'src/torrents/torrent-registry.ts'])
  expect(functions).toEqual([
    'Waiters.whenever isDue',
    'new TorrentRegistry loader',
    'TorrentRegistry.acquire use',
    'TorrentRegistry.exclusively work',
  ])
})

/** What the exports of some files take, and which of these parameters are or contain functions. */
function functionsTaken(paths: readonly string[]) {
  const names = paths.map((path) => resolve(path))
  const program = ts.createProgram(names, OPTIONS)
  const checker = program.getTypeChecker()
  const signatures: string[] = []
  const functions: string[] = []
  const note = (name: string, node: ts.SignatureDeclaration) => {
    signatures.push(name)
    for (const parameter of node.parameters)
      if (hasFunction(checker.getTypeAtLocation(parameter), checker))
        functions.push(`${name} ${parameter.name.getText()}`)
  }
  for (const statement of names.flatMap((name) => program.getSourceFile(name)?.statements ?? [])) {
    if (ts.isFunctionDeclaration(statement)) note(statement.name?.text ?? '', statement)
    if (!ts.isClassDeclaration(statement)) continue
    const name = statement.name?.text ?? ''
    for (const member of statement.members) {
      if (ts.isConstructorDeclaration(member)) note(`new ${name}`, member)
      else if (ts.isFunctionLike(member) && member.name && !ts.isPrivateIdentifier(member.name))
        note(`${name}.${member.name.getText()}`, member)
    }
  }
  return { signatures, functions }
}

/** Of what we declare, all is looked at; of types of the language, such as arrays, what they are made of. */
function hasFunction(type: ts.Type, checker: ts.TypeChecker, seen = new Set<ts.Type>()): boolean {
  if (seen.has(type)) return false
  seen.add(type)
  const parts = type.isUnionOrIntersection() ? type.types : []
  const of = checker.getTypeArguments(type as ts.TypeReference)
  if (type.getCallSignatures().length > 0) return true
  const isOurs = type.symbol?.declarations?.some((node) =>
    node.getSourceFile().fileName.startsWith(resolve('src')),
  )
  const properties = isOurs ? checker.getPropertiesOfType(type) : []
  return [...parts, ...of, ...properties.map((each) => checker.getTypeOfSymbol(each))].some((each) =>
    hasFunction(each, checker, seen),
  )
}
