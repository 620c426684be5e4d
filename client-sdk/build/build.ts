import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { contractTypes } from './contract-schemas.ts'
import { flattenTypes } from './flatten-types.ts'

/** Where things are. The repository's root is where the compiler's options and the server's router type live. */
const packageDir = resolve(import.meta.dirname, '..')
const sourceDir = join(packageDir, 'src')
const distDir = join(packageDir, 'dist')
const entries = ['index.ts', 'react/index.ts', 'contract/index.ts']

const configPath = resolve(packageDir, '../tsconfig.json')
const { config } = ts.readConfigFile(configPath, ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, dirname(configPath))
const program = ts.createProgram({
  rootNames: entries.map((entry) => join(sourceDir, entry)),
  options: {
    ...options,
    noEmit: false,
    declaration: true,
    rootDir: resolve(packageDir, '..'),
    outDir: resolve(packageDir, '..'),
  },
})
const checker = program.getTypeChecker()
const own = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(`${sourceDir}/`))

failOn([...program.getOptionsDiagnostics(), ...own.flatMap((file) => program.getSemanticDiagnostics(file))])

const output = new Map<string, string>()
for (const file of own) {
  const emitted = program.emit(file, (path, text) => output.set(relative(sourceDir, path), text))
  failOn(emitted.diagnostics)
}
output.delete('api.js')
output.set('api.d.ts', flattenApi())

await rm(distDir, { recursive: true, force: true })
for (const [path, text] of published()) {
  await mkdir(dirname(join(distDir, path)), { recursive: true })
  await writeFile(join(distDir, path), text)
}

function flattenApi(): string {
  return flattenTypes({
    checker,
    module: moduleOf('api.ts'),
    named: contractTypes(checker, moduleOf('contract/index.ts')),
    generics: { Query: './procedures.js', Mutation: './procedures.js' },
  })
}

/** What the entries lead to: JavaScript by what runs, declarations by what types need. Nothing else is shipped. */
function published(): Map<string, string> {
  const reached = new Map<string, string>()
  const visit = (path: string) => {
    const text = output.get(path)
    if (text === undefined) throw new Error(`${path} was not emitted`)
    if (reached.has(path)) return
    const linked = path.endsWith('.d.ts')
      ? text.replace(/(from |import\()(['"]\.[^'"]+)\.ts(['"])/g, '$1$2.js$3')
      : text
    reached.set(path, linked)
    for (const [, specifier] of linked.matchAll(/(?:from |import\()['"](\.[^'"]+)['"]/g)) {
      const target = join(dirname(path), specifier as string)
      visit(path.endsWith('.d.ts') ? target.replace(/\.js$/, '.d.ts') : target)
    }
  }
  for (const entry of entries) {
    visit(entry.replace(/\.ts$/, '.d.ts'))
    // The contract comes last, and may need zod's types.
    if (!entry.startsWith('contract/')) mustStandAlone(reached)
  }
  for (const entry of entries) visit(entry.replace(/\.ts$/, '.js'))
  return reached
}

/** Declarations that name a package would ask for its types in every project that uses this one. */
function mustStandAlone(declarations: ReadonlyMap<string, string>): void {
  for (const [path, text] of declarations) {
    const [found] = text.match(/(?:from |import\()['"][^.'"][^'"]*['"]/) ?? []
    if (found) throw new Error(`${path} is published and has ${found}`)
  }
}

function moduleOf(path: string): ts.Symbol {
  const file = program.getSourceFile(join(sourceDir, path))
  const symbol = file && checker.getSymbolAtLocation(file)
  if (!symbol) throw new Error(`${path} is no module`)
  return symbol
}

function failOn(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return
  const host = {
    getCurrentDirectory: () => packageDir,
    getCanonicalFileName: (name: string) => name,
    getNewLine: () => '\n',
  }
  throw new Error(ts.formatDiagnostics(diagnostics, host))
}
