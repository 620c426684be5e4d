import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const compilers = { '5.7': 'ts57', '6.0': 'typescript', '7.0': '@typescript/native' }
export type TypeScriptVersion = keyof typeof compilers
export const typeScriptVersions = Object.keys(compilers) as TypeScriptVersion[]

/** An empty project into which the package was installed as a user would: built, packed, installed from its archive. */
export async function createConsumer() {
  const folder = await mkdtemp(join(tmpdir(), 'xm-consumer-'))
  const inFolder = (file: string, args: string[]) => run(file, args, { cwd: folder })
  await run('npm', ['run', '-s', '-w', 'client-sdk', 'build'], { cwd: root })
  const packing = ['pack', '-s', '--ignore-scripts', '-w', 'client-sdk', '--pack-destination', folder]
  const archive = (await run('npm', packing, { cwd: root })).stdout.trim()
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  await inFolder('npm', ['install', ...quietly, '--omit=optional', join(folder, archive)])

  return {
    folder,
    write: (name: string, text: string) => writeFile(join(folder, name), text),
    /** Borrows an installed package, for what a user would add. */
    borrow: (name: string) => symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name)),
    node: async (...args: string[]) => (await inFolder(process.execPath, args)).stdout,
    /** The compiler's complaints, one a line; none when the files fit. */
    async typeCheck(version: TypeScriptVersion, files: string[], options: object = {}): Promise<string[]> {
      const compilerOptions = {
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        target: 'es2022',
        lib: ['es2022'],
        module: 'nodenext',
        moduleResolution: 'nodenext',
        types: [],
        ...options,
      }
      await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
      const compiler = join(root, 'node_modules', compilers[version], 'bin/tsc')
      const { stdout } = await inFolder(process.execPath, [compiler, '-p', '.']).catch((failure) => failure)
      return String(stdout)
        .split('\n')
        .filter((line) => /error TS\d+/.test(line))
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

export type Consumer = Awaited<ReturnType<typeof createConsumer>>
