import { type LogPattern, levels } from '../../domain/log-pattern.ts'
import { type MatchPart, planMatch } from '../../domain/match/match-plan.ts'
import type { Pattern } from '../../domain/pattern/syntax.ts'
import { Summary } from '../../domain/scan/summary.ts'
import { findInputs, type Input } from '../scan/find-inputs.ts'
import { sampleInputs } from '../scan/sample-inputs.ts'
import { prepareScan, type ScanEvent } from '../scan/scan-inputs.ts'
import type { WorkerSetup } from '../scan/scan-task.ts'
import { explainEffort, explainPlan } from './explain.ts'
import { InputError } from './input-error.ts'
import { loadPatterns } from './load-patterns.ts'
import type { Output } from './output.ts'
import { plainSummary } from './plain-summary.ts'
import type { Progress } from './progress.ts'
import { RecordOutput } from './record-output.ts'
import type { ScanFlags } from './scan-options.ts'

export interface Terminal {
  readonly output: Output
  /** For problems and explanations, a line each. */
  complain(line: string): void
  readonly isOutputTerminal: boolean
  readonly isErrorTerminal: boolean
  readonly columns: number
  /** Milliseconds since the epoch. */
  now(): number
}

/** What became of a scan. */
export interface ScanOutcome {
  /** Some input or pattern could not be used, or was not read to its end. */
  readonly hadProblems: boolean
  /** A line of the level asked for, or a higher one, was found. */
  readonly failed: boolean
}

/** `logscan scan`. Throws InputError where there is nothing to scan. */
export async function runScan(names: readonly string[], flags: ScanFlags, terminal: Terminal): Promise<ScanOutcome> {
  const { patterns, trees, problems } = await loadPatterns(flags.patternFile)
  const found = await findInputs(names)
  let problemCount = 0
  const complain = (line: string) => {
    problemCount++
    terminal.complain(line)
  }
  for (const problem of [...problems, ...found.problems]) complain(problem)
  await using scan = prepareScan(found.inputs, flags.jobs, patterns.length)
  const parts = planOf(trees, await sampleInputs(found.inputs))
  if (flags.explain) for (const line of explainPlan(patterns, parts, flags)) terminal.complain(line)

  const summary = new Summary(patterns.length)
  // Libraries that only people need are only loaded for them.
  const progress =
    flags.progress && terminal.isErrorTerminal
      ? (await import('./progress.ts')).showProgress(found.inputs, scan, terminal)
      : null
  try {
    const shown = flags.output === 'ndjson' || terminal.isOutputTerminal ? flags : { ...flags, context: 0 }
    await take(scan.run(setupOf(shown, patterns, parts, terminal.now())), {
      flags,
      summary,
      complain,
      terminal,
      progress,
    })
  } finally {
    progress?.stop()
  }
  await tell(patterns, summary, flags, terminal)
  const failed = flags.failOn !== null && summary.levelMax >= levels.indexOf(flags.failOn)
  return { hadProblems: problemCount > 0, failed }
}

function planOf(trees: readonly Pattern[], sample: Uint8Array): readonly MatchPart[] {
  try {
    return planMatch(trees, sample)
  } catch (error) {
    // Each of them can be used, but not all at once.
    throw new InputError(`the patterns together: ${(error as Error).message}`)
  }
}

function setupOf(
  flags: ScanFlags,
  patterns: readonly LogPattern[],
  parts: readonly MatchPart[],
  now: number,
): WorkerSetup {
  const { since, until, context, output, chunkBytes, failOn } = flags
  const request = {
    ...{ since, until, context, referenceTime: now },
    records: output === 'ndjson',
    groups: false,
    patternIds: patterns.map(({ id }) => id),
    patternLevels: patterns.map(({ level }) => level),
  }
  const countsOnly = output === 'count' && since === null && until === null && failOn === null
  return { parts, request, countsOnly, chunkBytes }
}

interface Takers {
  readonly flags: ScanFlags
  readonly summary: Summary
  readonly terminal: Terminal
  readonly progress: Progress | null
  complain(line: string): void
}

async function take(
  events: AsyncIterable<ScanEvent>,
  { flags, summary, terminal, progress, complain }: Takers,
): Promise<void> {
  const records = new RecordOutput(terminal.output)
  const effort = new Map<Input, { bytes: number; bytesMatched: number }>()
  // What ails a file ails each of its ranges.
  const told = new Set<string>()
  const tellOnce = (line: string) => {
    if (told.size === told.add(line).size) return
    if (progress === null) complain(line)
    else progress.pause(() => complain(line))
  }
  for await (const event of events) {
    const { input } = event
    if ('batch' in event) {
      if (flags.output !== 'ndjson' || flags.failOn !== null) summary.add(input.name, event.linesBefore, event.batch)
      if (flags.output === 'ndjson') await records.write(input.name, event.linesBefore, event.batch)
      continue
    }
    const { counts, problem, bytes, bytesMatched } = event.end
    if (counts !== null) summary.addCounts(counts)
    if (problem !== null) tellOnce(`${input.name}: ${problem}`)
    const before = effort.get(input)
    effort.set(input, {
      bytes: bytes + (before?.bytes ?? 0),
      bytesMatched: bytesMatched + (before?.bytesMatched ?? 0),
    })
  }
  if (flags.explain) for (const [input, spent] of effort) terminal.complain(explainEffort(input.name, spent))
}

async function tell(
  patterns: readonly LogPattern[],
  summary: Summary,
  { output, context }: ScanFlags,
  terminal: Terminal,
): Promise<void> {
  if (output === 'ndjson') return
  if (output === 'count') {
    for (const [index, { lines }] of summary.patterns.entries())
      await terminal.output.write(`${(patterns[index] as LogPattern).id}\t${lines}\n`)
    return
  }
  if (!terminal.isOutputTerminal) return terminal.output.write(plainSummary(patterns, summary))
  const { summaryTable } = await import('./summary-table.ts')
  await terminal.output.write(summaryTable(patterns, summary, { columns: terminal.columns, context }))
}
