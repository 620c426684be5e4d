import { createHash, randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { FoundLine } from '../../app/match-store.ts'
import { isoTime } from '../../domain/scan/iso-time.ts'
import { type FollowStore, SourceRunner } from '../follow/source-runner.ts'
import { loadPatterns } from './load-patterns.ts'
import { printable } from './printable.ts'
import type { Terminal } from './scan-command.ts'

export interface FollowFlags {
  readonly patternFile: string | undefined
  readonly jobs: number
  readonly ndjson: boolean
  /** Files that are met for the first time are read from their beginning. */
  readonly fromStart: boolean
}

const limits = {
  ...{ stepBytes: 2 << 20, endedMax: 1000, unpackedMax: 4 * 2 ** 30 },
  ...{ drainMs: 60_000, retryMs: 1000 },
}
const times = { everyMs: 5000, settleMs: 50, againMs: 250 }
const openFilesMax = 256
const refreshEveryMs = 2000

/** `logscan follow`: tells of matching lines as they come, until it is told to stop. Throws InputError. */
export async function runFollow(
  names: readonly string[],
  flags: FollowFlags,
  terminal: Terminal,
  store: FollowStore,
  stop: AbortSignal,
): Promise<void> {
  const { patterns, problems } = await loadPatterns(flags.patternFile)
  for (const problem of problems) terminal.complain(problem)
  await using runner = new SourceRunner({
    ...{ store, node: hostname(), newId: randomUUID, now: terminal.now, wait, mayRead: () => true },
    options: { jobs: flags.jobs, openFilesMax, limits, times, atEnd: !flags.fromStart },
    plan: async () => ({ sources: [{ id: sourceOf(names), names }], patterns, version: 0 }),
    problem: (_, path, text) => terminal.complain(path === '' ? text : `${path}: ${text}`),
    found: (_, path, lines) => terminal.output.write(lines.map((line) => shown(path, line, flags.ndjson)).join('')),
  })
  await runner.refresh()
  const refreshing = setInterval(() => runner.refresh().catch(() => {}), refreshEveryMs)
  await stopped(stop)
  clearInterval(refreshing)
}

/** The same files are the same source, whoever follows them. */
function sourceOf(names: readonly string[]): string {
  const paths = names.map((name) => resolve(name)).sort()
  return `cli:${createHash('sha256').update(paths.join('\n')).digest('hex').slice(0, 16)}`
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function shown(path: string, line: FoundLine, isJson: boolean): string {
  if (!isJson) return `${printable(path)}:${line.line}: ${printable(line.text)}\n`
  const { offset, length, patterns, level, time, group, text } = line
  const when = time === null ? null : isoTime(time)
  return `${JSON.stringify({ file: path, line: line.line, offset, length, patterns, level, time: when, group, text })}\n`
}
