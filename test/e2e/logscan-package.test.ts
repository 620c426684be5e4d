import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogFolder, type LogFolder } from '../support/logscan-command.ts'

const run = promisify(execFile)
const root = resolve(import.meta.dirname, '../..')
const timeoutMs = 180_000
let project: LogFolder

/** An empty project into which the package was installed from its archive, as it was built. */
beforeAll(async () => {
  project = await createLogFolder()
  await project.write('package.json', JSON.stringify({ name: 'consumer', private: true }))
  const packing = ['pack', '-s', '--ignore-scripts', '--pack-destination', project.path]
  const archive = project.file((await run('npm', packing, { cwd: root })).stdout.trim())
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  await run('npm', ['install', ...quietly, '--omit=optional', archive], { cwd: project.path }).catch(async (error) => {
    console.warn(`npm install failed, so that the dependencies are those of this project: ${error.stderr}`)
    await unpack(archive)
  })
}, timeoutMs)
afterAll(() => project[Symbol.asyncDispose]())

async function unpack(archive: string): Promise<void> {
  const modules = project.file('node_modules')
  await mkdir(join(modules, 'xm'), { recursive: true })
  await mkdir(join(modules, '.bin'), { recursive: true })
  await run('tar', ['-xzf', archive, '--strip-components=1', '-C', join(modules, 'xm')])
  await symlink(join(root, 'node_modules'), join(modules, 'xm/node_modules'))
  await run('chmod', ['+x', join(modules, 'xm/dist/logscan/logscan.js')])
  await symlink('../xm/dist/logscan/logscan.js', join(modules, '.bin/logscan'))
}

describe('the packed package', () => {
  const npx = (...args: string[]) => run('npx', ['--no-install', 'logscan', ...args], { cwd: project.path })

  it('has the command, which finds its patterns, threads and kernel', async () => {
    expect((await npx('patterns', 'list')).stdout).toContain('go.panic\tfatal\tGo panic\n')
    const log = await project.write('some.log', 'fine\npanic: runtime error: index out of range\n'.repeat(3))
    const { stdout } = await npx('scan', log, '--count', '--jobs', '2')
    expect(stdout).toContain('go.panic\t3\n')
    const own = await project.write('own.yaml', '- {id: fine, literal: fine, level: info}\n')
    expect((await npx('scan', log, '--patterns', own, '--ndjson')).stdout.trimEnd().split('\n')).toHaveLength(3)
    expect((await npx('templates', log)).stdout.trimEnd().split('\n')).toHaveLength(2)
  })

  it('holds nothing but what was built, and what tells about it', async () => {
    const { stdout } = await run(
      'find',
      ['node_modules/xm/', '-type', 'f', '-not', '-path', '*/node_modules/xm/node_modules/*'],
      {
        cwd: project.path,
      },
    )
    const others = stdout.split('\n').filter((name) => name !== '' && !/\/dist\/.*\.js$/.test(name))
    expect(others.map((name) => name.replace('node_modules/xm/', '')).sort()).toEqual([
      'README.md',
      'dist/kernel.wasm',
      'package.json',
    ])
  })
})
