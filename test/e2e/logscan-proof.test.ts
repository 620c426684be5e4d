import { execFileSync } from 'node:child_process'
import { open, truncate } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { benchPatternFile, type LogFacts, logProfiles, writeLogFile } from '../support/generated-logs.ts'
import { createLogFolder, type LogFolder, logscan, recordsOf } from '../support/logscan-command.ts'

const memoryLimit = 200e6
const megabyte = 1_000_000
const timeoutMs = 120_000

let folder: LogFolder
let word: string
let patterns: string
let log: string
let facts: LogFacts

beforeAll(async () => {
  folder = await createLogFolder()
  word = await folder.write('word.txt', 'ERROR\n')
  patterns = await folder.write('bench.txt', benchPatternFile)
  log = folder.file('typical.log')
  facts = await writeLogFile(log, { ...logProfiles.typical, bytes: 256 * megabyte })
}, timeoutMs)
afterAll(() => folder[Symbol.asyncDispose]())

const countsText = () => facts.counts.map((count, index) => `line-${index + 1}\t${count}\n`).join('')

describe('memory stays below 200 MB', () => {
  it('for a line of 200 MB, of which the beginning is shown', { timeout: timeoutMs }, async () => {
    const file = folder.file('long.log')
    const handle = await open(file, 'w')
    const piece = Buffer.alloc(megabyte, 'x')
    await handle.write('before\n')
    for (let index = 0; index < 200; index++) {
      if (index === 130) await handle.write(' ERROR ')
      await handle.write(piece)
    }
    await handle.write('\nERROR short\n')
    await handle.close()
    for (const flags of [
      ['--jobs', '1'],
      ['--jobs', '2', '--chunk-bytes', '4194304'],
    ]) {
      const end = await logscan(['scan', file, '--patterns', word, '--ndjson', '--context', '1', ...flags])
      const [long, short, ...others] = recordsOf(end.out)
      expect(long).toMatchObject({ line: 2, offset: 7, length: 200 * megabyte + 7, truncated: true })
      expect(long?.text).toMatch(/^x{1000,70000}$/)
      expect(long?.before).toEqual([])
      expect(long?.after).toEqual(['ERROR short'])
      expect(short).toMatchObject({ line: 3, offset: 200 * megabyte + 15, length: 11, text: 'ERROR short' })
      expect([others, short && 'truncated' in short, end.code, end.err]).toEqual([[], false, 0, ''])
      expect(end.memoryMaxBytes).toBeLessThan(memoryLimit)
    }
  })

  it('for a file of 4 GB', { timeout: timeoutMs }, async () => {
    const file = await folder.write('sparse.log', 'ERROR at the start\n')
    await truncate(file, 4096 * megabyte)
    execFileSync('bash', ['-c', 'printf "\\nERROR at the end" >> "$0"', file])
    const end = await logscan(['scan', file, '--patterns', word, '--count', '--jobs', '2'])
    expect(end).toMatchObject({ code: 0, out: 'line-1\t2\n', err: '' })
    expect(end.memoryMaxBytes).toBeLessThan(memoryLimit)
  })

  it('for 4 GB that are made while they are read', { timeout: timeoutMs }, async () => {
    const line = `2026-01-31 10:00:00 INFO all is well, and nothing else is to be told ${'.'.repeat(900)}`
    const bytes = 4096 * megabyte
    const shell = `{ yes '${line}' | head -c ${bytes}; echo; echo ERROR at the end; }`
    const end = await logscan(['scan', '-', '--patterns', word, '--count', '--jobs', '2'], { input: { shell } })
    expect(end).toMatchObject({ code: 0, out: 'line-1\t1\n', err: '' })
    expect(end.memoryMaxBytes).toBeLessThan(memoryLimit)
  })

  it.each(['1', '2'])('for every record of 256 MB (--jobs %s)', { timeout: timeoutMs }, async (jobs) => {
    const end = await logscan(['scan', log, '--patterns', patterns, '--ndjson', '--jobs', jobs])
    expect([end.code, end.err]).toEqual([0, ''])
    expect(end.out.split('\n')).toHaveLength(facts.hitLines + 1)
    expect(end.memoryMaxBytes).toBeLessThan(memoryLimit)
  })

  it('for what is unpacked', { timeout: timeoutMs }, async () => {
    execFileSync('gzip', ['-1', '-k', log])
    const end = await logscan(['scan', `${log}.gz`, '--patterns', patterns, '--count'])
    expect(end).toMatchObject({ code: 0, out: countsText(), err: '' })
    expect(end.memoryMaxBytes).toBeLessThan(memoryLimit)
  })

  it('for every template of 256 MB', { timeout: timeoutMs }, async () => {
    const end = await logscan(['templates', log, '--assign'])
    expect([end.code, end.err]).toEqual([0, ''])
    expect(end.out.split('\n')).toHaveLength(facts.lines + 1)
    expect(end.memoryMaxBytes).toBeLessThan(memoryLimit)
  })
})

describe('patterns that take other engines for ever', () => {
  it('take no longer than others on lines made for them', async () => {
    const hostile = await folder.write('hostile.txt', '^(a+)+$\n(a|b)*a(a|b){14}\n')
    const longest = 'a'.repeat(50_000)
    const lines = [
      ...Array<string>(100).fill(`${longest}!`),
      ...Array<string>(100).fill(longest),
      ...Array<string>(2000).fill('ab'.repeat(20)),
      ...Array<string>(50).fill('b'.repeat(10_000)),
      'ab'.repeat(500_000),
      'a'.repeat(3_000_000),
    ]
    const file = await folder.write('hostile.log', lines.join('\n'))
    const end = await logscan(['scan', file, '--patterns', hostile, '--count'])
    expect(end).toMatchObject({ code: 0, out: 'line-1\t101\nline-2\t2202\n', err: '' })
  })
})
