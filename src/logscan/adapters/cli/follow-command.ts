import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { FoundLine, MatchStore } from '../../app/match-store.ts'
import { planMatch } from '../../domain/match/match-plan.ts'
import { isoTime } from '../../domain/scan/iso-time.ts'
import { followPaths } from '../follow/follow-paths.ts'
import { Follower } from '../follow/follower.ts'
import { MatcherPool } from '../follow/matcher-pool.ts'
import { findInputs } from '../scan/find-inputs.ts'
import { sampleInputs } from '../scan/sample-inputs.ts'
import type { WorkerSetup } from '../scan/scan-task.ts'
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
  ...{ stepBytes: 1 << 20, openFilesMax: 256, endedMax: 1000 },
  ...{ drainMs: 60_000, retryMs: 1000 },
}
const times = { everyMs: 5000, settleMs: 50, againMs: 250 }
const chunkBytes = 262_144
/** Stamps without a year are read by what time it is. */
const clockEveryMs = 3_600_000

/** `logscan follow`: tells of matching lines as they come, until it is told to stop. Throws InputError. */
export async function runFollow(
  names: readonly string[],
  flags: FollowFlags,
  terminal: Terminal,
  store: MatchStore,
  stop: AbortSignal,
): Promise<void> {
  const { patterns, trees, problems } = await loadPatterns(flags.patternFile)
  for (const problem of problems) terminal.complain(problem)
  const parts = planMatch(trees, await sampleInputs((await findInputs(names)).inputs))
  const setup = (): WorkerSetup => ({
    ...{ parts, chunkBytes, countsOnly: false },
    request: {
      ...{ since: null, until: null, context: 0, records: true, groups: true, referenceTime: terminal.now() },
      patternIds: patterns.map(({ id }) => id),
      patternLevels: patterns.map(({ level }) => level),
    },
  })
  await using pool = new MatcherPool(flags.jobs, setup())
  const clock = setInterval(() => pool.use(setup()), clockEveryMs)
  await using follower = new Follower({
    ...{ source: 'cli', pool, store, newId: randomUUID, now: terminal.now, wait },
    limits: { ...limits, readersMax: 2 * flags.jobs },
    events: {
      problem: (path, text) => terminal.complain(path === '' ? text : `${path}: ${text}`),
      found: (path, lines) => terminal.output.write(lines.map((line) => shown(path, line, flags.ndjson)).join('')),
    },
  })
  try {
    await follower.begin()
    await using following = await followPaths(follower, names, times, { atEnd: !flags.fromStart })
    await Promise.race([following.ended, stopped(stop)])
  } finally {
    clearInterval(clock)
  }
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
