import { realpath, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type FoundGroup, type FoundLine, type MatchStore, StepConflict } from '../../app/match-store.ts'
import type { KnownTexts, LogScan, ScanProgress, ScanResult } from '../../app/scan-ports.ts'
import { type LogPattern, levels, treeOf } from '../../domain/log-pattern.ts'
import { planMatch } from '../../domain/match/match-plan.ts'
import { groupVersion } from '../../domain/scan/group-text.ts'
import { Summary } from '../../domain/scan/summary.ts'
import { describeError } from '../scan/describe-error.ts'
import { findInputs, type Input } from '../scan/find-inputs.ts'
import { foundLines } from '../scan/found-lines.ts'
import { sampleInputs } from '../scan/sample-inputs.ts'
import { prepareScan, type ScanEvent } from '../scan/scan-inputs.ts'
import { ScannedText } from './scanned-text.ts'

export interface RunScanDeps {
  readonly store: MatchStore
  readonly known: KnownTexts
  readonly node: string
  readonly jobs: number
  readonly filesMax: number
  /** Whether a file, links followed, may be read. */
  mayRead(realPath: string): boolean
  newId(): string
  now(): number
}

export interface ScanPatterns {
  readonly version: number
  readonly patterns: readonly LogPattern[]
}

/** What a scan that is under way shows of itself. */
export interface RunningScan {
  readonly progress: ScanProgress
  /** Resolves to what came of it; null if it was stopped. Throws where it cannot be done at all. */
  readonly result: Promise<ScanResult | null>
}

const chunkBytes = 262_144
/** Lines that are kept at once. */
const stepLines = 2000
const problemsMax = 1000
const groupsMax = 100
/** Groups that are counted; more are kept all the same. */
const groupsCountedMax = 50_000
const exampleMaxLength = 1000
const titleMaxLength = 200

/** Scans files as `logscan scan` does, and keeps their lines if that is wanted. `stop` ends it early. */
export function runScan(
  scan: LogScan,
  { version, patterns }: ScanPatterns,
  deps: RunScanDeps,
  stop: AbortSignal,
): RunningScan {
  const progress = { files: 0, bytesTotal: 0, bytesRead: 0, linesMatched: 0, linesKept: 0 }
  return { progress, result: run() }

  async function run(): Promise<ScanResult | null> {
    const { inputs, problems } = await inputsOf(scan.paths, deps)
    progress.files = inputs.length
    progress.bytesTotal = inputs.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
    if (inputs.length > deps.filesMax) throw new Error(`these are ${inputs.length} files, more than ${deps.filesMax}`)
    const taker = new ScanTaker({ scan, version, patterns, deps, progress, problems })
    if (inputs.length === 0) return taker.result()
    await using scanning = prepareScan(inputs, deps.jobs, patterns.length)
    const parts = planMatch(patterns.map(treeOf), await sampleInputs(inputs))
    const request = {
      ...{ since: scan.since, until: scan.until, context: 0, records: scan.keeps, groups: scan.keeps },
      ...{ referenceTime: deps.now(), patternIds: patterns.map(({ id }) => id) },
      patternLevels: patterns.map(({ level }) => level),
    }
    const stopped = new Promise<'stopped'>((resolve) => {
      if (stop.aborted) resolve('stopped')
      else stop.addEventListener('abort', () => resolve('stopped'), { once: true })
    })
    const events = scanning.run({ parts, request, countsOnly: false, chunkBytes })[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await Promise.race([events.next(), stopped])
        if (next === 'stopped' || stop.aborted) return null
        if (next.done === true) break
        await taker.take(next.value)
        progress.bytesRead = scanning.bytesRead()
        progress.bytesTotal = Math.max(progress.bytesTotal, progress.bytesRead)
      }
      await taker.endText()
      return taker.result()
    } finally {
      taker.close()
    }
  }
}

async function inputsOf(paths: readonly string[], { mayRead }: RunScanDeps) {
  const found = await findInputs(paths)
  const problems = [...found.problems]
  const inputs: Input[] = []
  for (const { path, bytes } of found.inputs) {
    // A glob gives paths as they are seen from here.
    const name = resolve(path as string)
    const problem = await problemOf(name, mayRead)
    if (problem === null) inputs.push({ name, path: name, bytes })
    else problems.push(`${name}: ${problem}`)
  }
  return { inputs, problems }
}

/** Why a file is not read; null if it is. One that is a pipe may never end, nor begin. */
async function problemOf(path: string, mayRead: RunScanDeps['mayRead']): Promise<string | null> {
  try {
    const real = await realpath(path)
    if (!mayRead(real)) return 'lies where staff may not have files read (LOG_SOURCE_ROOTS)'
    return (await stat(real)).isFile() ? null : 'is no regular file'
  } catch (error) {
    return describeError(error)
  }
}

interface TakerDeps {
  readonly scan: LogScan
  readonly version: number
  readonly patterns: readonly LogPattern[]
  readonly deps: RunScanDeps
  readonly progress: { linesMatched: number; linesKept: number }
  readonly problems: string[]
}

interface CountedGroup {
  lines: number
  level: number
  readonly title: string
}

/** Takes what a scan tells, in its order. */
class ScanTaker {
  readonly #deps: TakerDeps
  readonly #summary: Summary
  readonly #problems: Set<string>
  readonly #groups = new Map<string, CountedGroup>()
  #input: Input | null = null
  #text: ScannedText | null = null
  #lines: FoundLine[] = []
  #found = new Map<string, FoundGroup>()
  #newlines = 0
  #isRead = true

  constructor(deps: TakerDeps) {
    this.#deps = deps
    this.#summary = new Summary(deps.patterns.length)
    this.#problems = new Set(deps.problems)
  }

  async take(event: ScanEvent): Promise<void> {
    if (event.input !== this.#input) {
      await this.endText()
      await this.#begin(event.input)
    }
    if ('end' in event) {
      this.#newlines += event.end.newlines
      if (event.end.problem !== null) {
        this.#isRead = false
        this.#tell(`${event.input.name}: ${event.end.problem}`)
      }
      // What each range tells of its groups is good for its own lines.
      await this.#keep()
      this.#found = new Map()
      return
    }
    const { batch, linesBefore } = event
    this.#summary.add(event.input.name, linesBefore, batch)
    this.#deps.progress.linesMatched += batch.count
    if (!this.#deps.scan.keeps) return
    for (const { id, text } of batch.groups) this.#found.set(id, { id, template: text, version: groupVersion })
    for (const line of foundLines(batch, linesBefore)) {
      this.#count(line)
      if (this.#text !== null) this.#lines.push(line)
    }
    if (this.#lines.length >= stepLines) await this.#keep()
  }

  /** Nothing more comes of the file. */
  async endText(): Promise<void> {
    await this.#keep()
    if (this.#text !== null && this.#isRead) await this.#attempt(() => this.#text?.end(this.#newlines))
    this.close()
  }

  close(): void {
    this.#text?.[Symbol.dispose]()
    this.#text = null
  }

  result(): ScanResult {
    const { patterns } = this.#deps
    return {
      patterns: this.#summary.patterns.flatMap(({ lines, times, example }, index) =>
        lines === 0
          ? []
          : [
              {
                ...{ id: (patterns[index] as LogPattern).id, lines },
                firstSeen: Number.isFinite(times.first) ? times.first : null,
                lastSeen: Number.isFinite(times.last) ? times.last : null,
                example:
                  example === null
                    ? null
                    : { path: example.file, line: example.line, text: example.text.slice(0, exampleMaxLength) },
              },
            ],
      ),
      groups: [...this.#groups]
        .sort(([, one], [, other]) => other.lines - one.lines)
        .slice(0, groupsMax)
        .map(([id, { lines, level, title }]) => ({
          id,
          lines,
          title,
          level: levels[level] as (typeof levels)[number],
        })),
      problems: [...this.#problems].slice(0, problemsMax),
    }
  }

  async #begin(input: Input): Promise<void> {
    this.#input = input
    this.#newlines = 0
    this.#isRead = true
    if (!this.#deps.scan.keeps) return
    const { deps, scan, version } = this.#deps
    await this.#attempt(async () => {
      const text = await ScannedText.open(input.path as string, {
        ...deps,
        source: scan.source,
        patternsVersion: version,
      })
      if (typeof text === 'string') this.#tell(`${input.name}: ${text}`)
      else this.#text = text
    })
  }

  async #keep(): Promise<void> {
    const lines = this.#lines
    this.#lines = []
    if (lines.length === 0) return
    const kept = await this.#attempt(() => this.#text?.keep(lines, [...this.#found.values()]))
    this.#deps.progress.linesKept += kept ?? 0
  }

  #count({ group, level }: FoundLine): void {
    const known = this.#groups.get(group)
    const severity = levels.indexOf(level)
    if (known !== undefined) {
      known.lines++
      known.level = Math.max(known.level, severity)
    } else if (this.#groups.size < groupsCountedMax) {
      const title = this.#found.get(group)?.template.split('\n', 1)[0] ?? ''
      this.#groups.set(group, { lines: 1, level: severity, title: title.slice(0, titleMaxLength) })
    }
  }

  /** What cannot be read, or is kept by somebody else meanwhile, harms no other file; a store that is away does. */
  async #attempt<T>(what: () => Promise<T> | T): Promise<T | null> {
    try {
      return await what()
    } catch (error) {
      const isFile = error instanceof Error && 'syscall' in error
      if (!isFile && !(error instanceof StepConflict)) throw error
      this.#tell(`${this.#input?.name}: ${describeError(error)}`)
      this.close()
      return null
    }
  }

  #tell(problem: string): void {
    if (this.#problems.size < problemsMax) this.#problems.add(problem)
  }
}
