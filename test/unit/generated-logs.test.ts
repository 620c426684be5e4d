import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readPatternFile } from '../../src/logscan/adapters/patterns/pattern-file.ts'
import {
  benchPatternFile,
  benchPatterns,
  countByRegExp,
  type GeneratedLog,
  generateLog,
  type LogFacts,
  lineMaxBytes,
  logProfiles,
  writeLogFile,
} from '../support/generated-logs.ts'
import { loggedErrors } from '../support/log-errors.ts'

const bytes = 2_000_000

function generated(log: GeneratedLog): { text: string; facts: LogFacts } {
  const batches = generateLog(log)
  let text = ''
  for (;;) {
    const { done, value } = batches.next()
    if (done) return { text, facts: value }
    text += Buffer.from(value).toString('latin1')
  }
}

/** Without the last one, which may be of dots. */
const linesOf = (text: string) => text.split('\n').slice(0, -2)
const anyPattern = new RegExp(benchPatterns.join('|'))
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0)

describe('a generated log', () => {
  it.each(Object.entries(logProfiles))('that is %s is as long as asked for, in lines of ASCII', (_, profile) => {
    const { text, facts } = generated({ ...profile, bytes })
    const lines = text.split('\n')
    expect(text).toHaveLength(bytes)
    expect(text).toMatch(/^[\t\n\x20-\x7e]*\n$/)
    expect(lines).toHaveLength(facts.lines + 1)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(lineMaxBytes)
    expect(bytes / facts.lines).toBeGreaterThan(130)
    expect(bytes / facts.lines).toBeLessThan(160)
  })

  it.each(Object.entries(logProfiles))('that is %s has the share of hits it says, and knows them', (_, profile) => {
    const { text, facts } = generated({ ...profile, bytes })
    expect(facts.counts).toEqual(countByRegExp(text))
    expect(linesOf(text).filter((line) => anyPattern.test(line))).toHaveLength(facts.hitLines)
    expect(Math.abs(facts.hitLines / facts.lines - profile.hits)).toBeLessThan(0.1 * profile.hits + 1e-9)
  })

  it.each([0, 1, 2, 299, 5000, 5001, 5002, 700_000])('of %i bytes is as long as that', (size) => {
    const { text, facts } = generated({ ...logProfiles.dense, bytes: size })
    expect(text).toHaveLength(size)
    expect(facts.lines).toBe(text.split('\n').length - 1)
  })

  it('is the same for the same seed, and another for another', () => {
    const log = { ...logProfiles.typical, bytes: 700_000 }
    const { text } = generated(log)
    expect(generated(log).text).toBe(text)
    expect(generated({ ...log, seed: 1 }).text).toBe(text)
    expect(generated({ ...log, seed: 2 }).text).not.toBe(text)
    expect(generated({ ...log, seed: 3 }).text.slice(0, 1000)).not.toBe(text.slice(0, 1000))
  })

  it('does not repeat its lines', () => {
    const lines = linesOf(generated({ ...logProfiles.typical, bytes }).text).filter((line) => !line.startsWith('\t'))
    expect(new Set(lines).size).toBeGreaterThan(0.98 * lines.length)
  })

  it('is written to a file as it is generated', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'xm-generated-log-'))
    try {
      const { text, facts } = generated({ ...logProfiles.typical, bytes })
      expect(await writeLogFile(join(folder, 'log'), { ...logProfiles.typical, bytes })).toEqual(facts)
      expect((await readFile(join(folder, 'log'), 'latin1')) === text).toBe(true)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('a decoy', () => {
  it('shares a literal, or the greater part of one, with its pattern', () => {
    const far = loggedErrors.flatMap(({ pattern, decoys }) => {
      const literals = pattern
        .replace(/\[([A-Z])[a-z]\]/g, '$1')
        .replaceAll('\\', '')
        .toLowerCase()
      return decoys.filter((decoy) => longestShared(literals, decoy.toLowerCase()) < 5)
    })
    expect(far).toEqual([])
  })

  it('matches nothing', () => {
    const { text, facts } = generated({ hits: 0, decoys: 1, bytes })
    expect(facts.hitLines + sum(countByRegExp(text))).toBe(0)
  })

  it.each(Object.entries(logProfiles))('comes as often as %s says', (_, profile) => {
    const decoys = loggedErrors.flatMap((error) => error.decoys)
    // The few among the access lines look like any other of those.
    const known = decoys.filter((decoy) => !decoy.startsWith('{ip} - '))
    const shapes = new RegExp(known.map(shapeOf).join('|'))
    const { text, facts } = generated({ ...profile, bytes })
    const share = linesOf(text).filter((line) => shapes.test(line) && !anyPattern.test(line)).length / facts.lines
    const expected = (profile.decoys * known.length) / decoys.length
    expect(Math.abs(share - expected)).toBeLessThan(0.2 * expected + 1e-9)
  })
})

/** What lines of the template look like. */
function shapeOf(template: string): string {
  const texts = template.split(/\{[a-z]+\d*\}/).map((text) => text.replace(/[^\w ]/g, '\\$&'))
  return `^${texts.join('.+?')}$`
}

/** The length of the longest part of one text that the other holds too. */
function longestShared(one: string, other: string): number {
  const parts = Array.from(one).flatMap((_, from) => Array.from(one, (_, to) => one.slice(from, to + 1)))
  return Math.max(...parts.filter((part) => other.includes(part)).map(({ length }) => length))
}

describe('the patterns of the bench', () => {
  it('are all hit, each one also by itself', () => {
    const { facts } = generated({ hits: 1, decoys: 0, bytes })
    expect(facts.hitLines).toBe(facts.lines - 1)
    expect(facts.counts.filter((count) => count === 0)).toEqual([])
    expect(benchPatterns).toHaveLength(30)
  })

  it('are a file that logscan reads', async () => {
    const read = await readPatternFile('patterns', benchPatternFile)
    expect(read.map(({ id }) => id)).toEqual(benchPatterns.map((_, index) => `line-${index + 1}`))
    expect(read.map(({ match }) => match)).toEqual(benchPatterns.map((regex) => ({ regex })))
  })

  const has = (tool: string) => spawnSync(tool, ['--version']).status === 0
  const tools: readonly (readonly [string, readonly string[]])[] = [
    ['grep', ['-E', '-c']],
    ['rg', ['--no-config', '-c']],
  ]

  it.each(tools.filter(([tool]) => has(tool)))('mean to %s what they mean to RegExp', (tool, args) => {
    const { text, facts } = generated({ ...logProfiles.dense, bytes })
    const counts = benchPatterns.map((pattern) => {
      const env = { PATH: process.env.PATH, LC_ALL: 'C' }
      return Number(spawnSync(tool, [...args, '-e', pattern, '-'], { env, input: text, encoding: 'latin1' }).stdout)
    })
    expect(counts).toEqual(facts.counts)
  })
})
