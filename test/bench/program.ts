import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

/** A process of its own that answers calls, see parent-link.ts. */
export interface Program extends AsyncDisposable {
  /** What it was compiled to. */
  readonly file: string
  call<T = unknown>(name: string, input?: unknown): Promise<T>
}

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

const root = resolve(import.meta.dirname, '../..')
/** Inside the checkout, so that packages are found, and as deep as the product expects its package.json. */
const outDirectory = join(root, 'node_modules/.cache/bench')
const built = new Map<string, Promise<string>>()

/** Compiles the program as `npm run build` would: a loader that compiles on the fly would slow our side only. */
function compiled(name: string): Promise<string> {
  const known = built.get(name)
  if (known !== undefined) return known
  mkdirSync(outDirectory, { recursive: true })
  const outfile = join(outDirectory, `${name}-${process.pid}.mjs`)
  const building = build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'es2022',
    packages: 'external',
    conditions: ['xm-source'],
    logLevel: 'warning',
  }).then(() => outfile)
  process.once('exit', () => rmSync(outfile, { force: true }))
  built.set(name, building)
  return building
}

export async function startProgram(name: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const file = await compiled(name)
  const child = fork(file, {
    cwd: root,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, NODE_ENV: 'production', ...env },
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const killChild = () => child.kill('SIGKILL')
  process.once('exit', killChild)
  const exited = once(child, 'exit')
  const asked = new Map<number, Waiting>()
  let lastId = 0
  child.on('message', ({ id, value, error }: Answer) => {
    const answer = asked.get(id)
    asked.delete(id)
    if (error === undefined) answer?.resolve(value)
    else answer?.reject(new Error(`${name}: ${error}`))
  })
  void exited.then(() => {
    for (const { reject } of asked.values()) reject(new Error(`${name} has ended`))
  })
  const ask = (id: number) =>
    new Promise<unknown>((resolve, reject) => {
      asked.set(id, { resolve, reject })
    })
  await ask(0)
  return {
    file,
    call: async <T>(call: string, input?: unknown) => {
      const answer = ask(++lastId)
      child.send({ id: lastId, name: call, input })
      return (await answer) as T
    },
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await exited
      process.off('exit', killChild)
    },
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}
