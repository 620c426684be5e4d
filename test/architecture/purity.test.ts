import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type AmbientRead, ambientReads, environmentReads } from './ambient-reads.ts'

const root = join(import.meta.dirname, '../..')
const sources = new Map(
  ['src', 'client-sdk/src', 'db'].filter((folder) => existsSync(join(root, folder))).flatMap(readSources),
)
const pure = new Map([...sources].filter(([file]) => /^src\/(kernel|[^/]+\/(domain|app))\//.test(file)))

function readSources(folder: string): [file: string, text: string][] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => [join(folder, file), readFileSync(join(root, folder, file), 'utf8')])
}

const found = (reads: AmbientRead[]) => reads.map(({ file, line, what }) => `${file}:${line} ${what}`)
const among = (look: typeof ambientReads, code: string) => look(new Map([['planted.ts', code]])).map(({ what }) => what)

describe('kernel, domain and app', () => {
  it('take the time, chance, timers and the console from outside', () => {
    expect(pure.size).toBeGreaterThan(0)
    expect(found(ambientReads(pure))).toEqual([])
  })

  it.each([
    ['const t = Date.now()', 'Date'],
    [`const t = Date['now']()`, 'Date'],
    ['const { now } = Date', 'Date'],
    ['const D = Date', 'Date'],
    ['const t = Date()', 'Date'],
    ['const t = new Date()', 'new Date()'],
    ['const t = new Date', 'new Date()'],
    ['const r = Math.random()', 'Math.random'],
    ['const { random } = Math', 'Math.random'],
    ['setTimeout(() => {}, 1)', 'setTimeout'],
    ['const f = () => setInterval(f, 1)', 'setInterval'],
    ['const later = { setImmediate }', 'setImmediate'],
    ['const url = process.env.URL', 'process'],
    ['console.log(1)', 'console'],
    ['const t = performance.now()', 'performance'],
    ['const id = crypto.randomUUID()', 'crypto'],
    ['globalThis.setTimeout(() => {}, 1)', 'globalThis'],
  ])('may not say: %s', (code, what) => {
    expect(among(ambientReads, code)).toEqual([what])
  })

  it.each([
    'export const after = (now: Date, ms: number): Date => new Date(now.getTime() + ms)',
    'export const isDate = (value: unknown) => value instanceof Date',
    'export const day = Date.UTC(2026, 0, 1)',
    'export const most = Math.max(1, 2)',
    'export function process(console: { log(line: string): void }) { console.log("a") }',
    'export const settle = (order: { process: number }) => ({ process: order.process, console: 1 })',
    'export const run = (clock: { setTimeout(ms: number): void }) => clock.setTimeout(1)',
    `import { setTimeout } from './port.ts'\nexport const wait = () => setTimeout(1)`,
    'export interface Timer { process: Date; console(date: Date): typeof Date }',
  ])('may say: %s', (code) => {
    expect(among(ambientReads, code)).toEqual([])
  })
})

describe('process.env', () => {
  it('is read in the configuration only', () => {
    const reads = environmentReads(sources).filter(({ file }) => file !== 'src/platform/config.ts')
    expect(found(reads)).toEqual([])
    if (sources.has('src/platform/config.ts')) expect(environmentReads(sources)).not.toEqual([])
  })

  it.each([
    'const url = process.env.URL',
    `const url = process['env'].URL`,
    'const { env } = process',
    'const url = globalThis.process.env.URL',
    `import { env } from 'node:process'`,
    `import process from 'process'\nprocess.on('exit', () => {})`,
  ])('is found in: %s', (code) => {
    expect(among(environmentReads, code)).toHaveLength(1)
  })

  it.each([
    `process.on('SIGTERM', () => process.exit(0))`,
    `export const onServer = typeof process !== 'undefined' && !('document' in globalThis)`,
    'export const process = (order: { env: string }) => order.env',
  ])('is not found in: %s', (code) => {
    expect(among(environmentReads, code)).toEqual([])
  })
})
