import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { benchPatterns, type LogFacts } from '../../support/generated-logs.ts'
import type { Command } from './whole-process.ts'

export const sideNames = ['count-1', 'count-2', 'ndjson-1', 'ndjson-2', 'rg', 'grep', 'regexp', 'read'] as const
export type SideName = (typeof sideNames)[number]

export interface Side {
  readonly title: string
  command(log: string): Command
  /** What is wrong with the output for a log of which this is known; null when all is right. */
  problemIn(output: string, facts: LogFacts): string | null
  /** The output is too much to read while the time is taken. */
  readonly isLoud?: true
}

/** A tool that counts the lines of one pattern. */
export interface Reference {
  readonly name: 'rg' | 'grep'
  command(pattern: string, log: string): Command
}

export interface SideFiles {
  readonly patterns: string
  readonly logscan: string
  readonly regExpLoop: string
  readonly readFloor: string
}

const rgArgs = ['--no-config', '--color=never', '-c']
const greps = [0, 1]

export const references: readonly Reference[] = [
  { name: 'rg', command: (pattern, log) => ({ file: 'rg', args: [...rgArgs, '-e', pattern, log], okCodes: greps }) },
  {
    name: 'grep',
    command: (pattern, log) => ({ file: 'grep', args: ['-E', '-c', '-e', pattern, log], okCodes: greps }),
  },
]

export function createSides(files: SideFiles): Readonly<Record<SideName, Side>> {
  const logscan = (mode: string, jobs: number) => (log: string) =>
    node(files.logscan, 'scan', log, '--patterns', files.patterns, mode, '--jobs', String(jobs))
  return {
    'count-1': { title: 'logscan --count, 1 worker', command: logscan('--count', 1), problemIn: inCounts },
    'count-2': { title: 'logscan --count, 2 workers', command: logscan('--count', 2), problemIn: inCounts },
    'ndjson-1': {
      title: 'logscan --ndjson, 1 worker',
      command: logscan('--ndjson', 1),
      problemIn: inNdjson,
      isLoud: true,
    },
    'ndjson-2': {
      title: 'logscan --ndjson, 2 workers',
      command: logscan('--ndjson', 2),
      problemIn: inNdjson,
      isLoud: true,
    },
    rg: {
      title: 'ripgrep -c',
      command: (log) => ({ file: 'rg', args: [...rgArgs, '-f', files.patterns, log], okCodes: greps }),
      problemIn: inTotal,
    },
    grep: {
      title: 'GNU grep -E -c, C locale',
      command: (log) => ({ file: 'grep', args: ['-E', '-c', '-f', files.patterns, log], okCodes: greps }),
      problemIn: inTotal,
    },
    regexp: {
      title: `${benchPatterns.length} RegExps a line`,
      command: (log) => node(files.regExpLoop, log, files.patterns),
      problemIn: inCounts,
    },
    read: { title: 'reading only', command: (log) => node(files.readFloor, log), problemIn: () => null },
  }
}

export function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function node(...args: readonly string[]): Command {
  return { file: process.execPath, args, okCodes: [0] }
}

/** ripgrep prints nothing where nothing matched. */
function inTotal(output: string, { hitLines }: LogFacts): string | null {
  return Number(output) === hitLines ? null : `counted ${output.trim()} lines, ${hitLines} match`
}

function inCounts(output: string, { counts }: LogFacts): string | null {
  const expected = counts.map((count, index) => `${idOf(index)}\t${count}`)
  const lines = output.trimEnd().split('\n')
  return differenceOf(lines, expected)
}

function inNdjson(output: string, { counts, hitLines }: LogFacts): string | null {
  const found = new Map<string, number>()
  const lines = output.split('\n').slice(0, -1)
  for (const line of lines)
    for (const id of (JSON.parse(line) as { patterns: string[] }).patterns) found.set(id, (found.get(id) ?? 0) + 1)
  if (lines.length !== hitLines) return `gave ${lines.length} lines, ${hitLines} match`
  const shown = (count: number | undefined, index: number) => `${idOf(index)}\t${count ?? 0}`
  return differenceOf(
    counts.map((_, index) => shown(found.get(idOf(index)), index)),
    counts.map(shown),
  )
}

/** The id that a file of one regex a line gives to its patterns. */
function idOf(index: number): string {
  return `line-${index + 1}`
}

function differenceOf(found: readonly string[], expected: readonly string[]): string | null {
  const index = expected.findIndex((line, at) => found[at] !== line)
  if (index >= 0)
    return `said '${found[index] ?? 'nothing'}' where '${expected[index]}' is right: ${benchPatterns[index]}`
  return found.length === expected.length ? null : `said ${found.length} counts, not ${expected.length}`
}
