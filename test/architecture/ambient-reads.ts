import ts from 'typescript'

/** A place where code reaches for what should have been handed in: the time, chance, timers, the process, the console. */
export interface AmbientRead {
  readonly file: string
  readonly line: number
  readonly what: string
}

const forbidden = new Set([
  ...['console', 'process', 'performance', 'crypto', 'globalThis', 'global', 'fetch'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
])

/** Every ambient read in the sources, given as file name -> text. Names that a file declares or imports are its own. */
export function ambientReads(sources: ReadonlyMap<string, string>): AmbientRead[] {
  return visitGlobals(sources, (name) => {
    if (forbidden.has(name.text)) return name.text
    if (name.text === 'Date') return readOfDate(name)
    if (name.text === 'Math') return isMemberOf(name, (member) => member !== 'random') ? undefined : 'Math.random'
    return undefined
  })
}

/** Every read of `process.env`, however it is spelled. */
export function environmentReads(sources: ReadonlyMap<string, string>): AmbientRead[] {
  const ofGlobals = visitGlobals(sources, (name) => {
    if (/^global(This)?$/.test(name.text) && isMemberOf(name, (member) => member === 'process')) return 'process'
    if (name.text !== 'process' || ts.isTypeOfExpression(name.parent)) return undefined
    return isMemberOf(name, (member) => member !== 'env') ? undefined : 'process.env'
  })
  return [...ofGlobals, ...importsOfProcess(sources)]
}

/** Only what is a function of its operands may be done with `Date`. */
function readOfDate(name: ts.Identifier): string | undefined {
  const { parent } = name
  if (ts.isNewExpression(parent) && parent.expression === name)
    return parent.arguments?.length ? undefined : 'new Date()'
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) return undefined
  return isMemberOf(name, (member) => member === 'UTC' || member === 'parse') ? undefined : 'Date'
}

function isMemberOf(name: ts.Identifier, allowed: (member: string) => boolean): boolean {
  const { parent } = name
  if (ts.isPropertyAccessExpression(parent)) return allowed(parent.name.text)
  return (
    ts.isElementAccessExpression(parent) &&
    ts.isStringLiteralLike(parent.argumentExpression) &&
    allowed(parent.argumentExpression.text)
  )
}

function importsOfProcess(sources: ReadonlyMap<string, string>): AmbientRead[] {
  return [...sources].flatMap(([file, text]) => {
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
    return source.statements
      .filter((statement) => ts.isImportDeclaration(statement))
      .filter(
        ({ moduleSpecifier }) => ts.isStringLiteral(moduleSpecifier) && /^(node:)?process$/.test(moduleSpecifier.text),
      )
      .map((statement) => ({ file, line: lineOf(source, statement.getStart(source)), what: 'import of process' }))
  })
}

/** Judges each use of a global as a value. */
function visitGlobals(
  sources: ReadonlyMap<string, string>,
  judge: (name: ts.Identifier) => string | undefined,
): AmbientRead[] {
  const host: ts.CompilerHost = {
    getSourceFile: (file, target) => {
      const text = sources.get(file)
      return text === undefined ? undefined : ts.createSourceFile(file, text, target, true)
    },
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (file) => file,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (file) => sources.has(file),
    readFile: (file) => sources.get(file),
    writeFile: () => {},
  }
  // Without the standard library a name in scope is one that the file itself declares or imports.
  const options: ts.CompilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    moduleDetection: ts.ModuleDetectionKind.Force,
    jsx: ts.JsxEmit.Preserve,
  }
  const program = ts.createProgram([...sources.keys()], options, host)
  const checker = program.getTypeChecker()
  const found: AmbientRead[] = []

  for (const source of program.getSourceFiles()) {
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && isUse(node)) {
        const what = judge(node)
        if (what && isFree(checker, node))
          found.push({ file: source.fileName, line: lineOf(source, node.getStart(source)), what })
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
  }
  return found
}

/** Whether an identifier stands for a value, and is not a member's, key's or declaration's name or part of a type. */
function isUse(node: ts.Identifier): boolean {
  const parent = node.parent as ts.Node & { name?: ts.Node; propertyName?: ts.Node }
  if (ts.isShorthandPropertyAssignment(parent)) return true
  return (
    parent.name !== node && parent.propertyName !== node && !ts.isPartOfTypeNode(node) && !ts.isTypeQueryNode(parent)
  )
}

function isFree(checker: ts.TypeChecker, name: ts.Identifier): boolean {
  const inScope = checker.getSymbolsInScope(name, ts.SymbolFlags.Value | ts.SymbolFlags.Alias)
  return !inScope.some((symbol) => symbol.name === name.text && symbol.declarations?.length)
}

function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line + 1
}
