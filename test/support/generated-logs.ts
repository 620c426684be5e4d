import { open } from 'node:fs/promises'
import { loggedErrors } from './log-errors.ts'
import { accessLines, appLines, jsonLines, traceFrames, traceHeads } from './log-lines.ts'
import { createRandom, createWatch, type PreparedLine, prepareLines, type Random, writeLine } from './prepared-lines.ts'

/** Shares of all lines, 0 to 1. A decoy contains literals of a pattern, or parts of them, and matches none. */
interface LogProfile {
  readonly hits: number
  readonly decoys: number
}

export interface GeneratedLog extends LogProfile {
  readonly bytes: number
  readonly seed?: number
}

/** What was written. `counts` are the lines that each of `benchPatterns` matches, in their order. */
export interface LogFacts {
  readonly lines: number
  readonly hitLines: number
  readonly counts: readonly number[]
}

export const logProfiles = {
  typical: { hits: 0.008, decoys: 0.01 },
  dense: { hits: 0.6, decoys: 0.01 },
  quiet: { hits: 0, decoys: 0 },
} as const satisfies Record<string, LogProfile>

/** Without the line's end. */
export const lineMaxBytes = 300
export const benchPatterns: readonly string[] = loggedErrors.map(({ pattern }) => pattern)
/** What `logscan --patterns`, `rg -f` and `grep -E -f` read alike. */
export const benchPatternFile = benchPatterns.map((pattern) => `${pattern}\n`).join('')

const batchBytes = 512 * 1024
const newline = 10
const variants = 32

/**
 * Exactly `bytes` of log in batches of whole lines; the same input gives the same bytes. A batch is good until the next
 * but one is asked for, so that one can be written while the next is made: the memory of two is used in turn.
 */
export function* generateLog({ bytes, hits, decoys, seed = 1 }: GeneratedLog): Generator<Uint8Array, LogFacts> {
  const random = createRandom(seed)
  const lines = createLines({ hits, decoys }, random)
  const watch = createWatch()
  const size = Math.min(batchBytes, bytes + lineMaxBytes + 1)
  let [batch, next] = [Buffer.alloc(size), Buffer.alloc(size)]
  const counts = benchPatterns.map(() => 0)
  let [used, left, lineCount, hitLines] = [0, bytes, 0, 0]
  for (let line = lines.next(); line.bytes.length < left; line = lines.next()) {
    if (used + lineMaxBytes >= batch.length) {
      yield batch.subarray(0, used)
      ;[batch, next, used] = [next, batch, 0]
    }
    watch.advance(random.below(3))
    writeLine(line, batch, used, random, watch)
    used += line.bytes.length
    left -= line.bytes.length
    lineCount++
    if (line.matched.length > 0) hitLines++
    for (const pattern of line.matched) counts[pattern]!++
  }
  yield batch.subarray(0, used)
  // The next line would be too long: one of dots comes to the exact size.
  if (left > 0)
    yield next
      .fill('.', 0, left - 1)
      .fill(newline, left - 1, left)
      .subarray(0, left)
  return { lines: lineCount + (left > 0 ? 1 : 0), hitLines, counts }
}

/** Writes the log to a new file; an old one of that name is replaced. */
export async function writeLogFile(file: string, log: GeneratedLog): Promise<LogFacts> {
  const handle = await open(file, 'w')
  try {
    const batches = generateLog(log)
    let written = Promise.resolve()
    for (;;) {
      const { done, value } = batches.next()
      await written
      if (done) return value
      written = handle.writeFile(value)
    }
  } finally {
    await handle.close()
  }
}

/** Lines that each of `benchPatterns` matches, by one RegExp after the other: slow and plain, to judge others by. */
export function countByRegExp(text: string): number[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return benchPatterns.map((pattern) => {
    const regExp = new RegExp(pattern)
    return lines.filter((line) => regExp.test(line)).length
  })
}

/** Line by line: a hit or a decoy by its share, else the next line of a calm house. */
function createLines({ hits, decoys }: LogProfile, random: Random): { next(): PreparedLine } {
  const prepare = (templates: readonly string[], times = variants) =>
    prepareLines(templates, { times, random, patterns: benchPatterns, lineMaxBytes })
  const hitLines = loggedErrors.map((error) => prepare(error.hits))
  const decoyLines = loggedErrors.map((error) => prepare(error.decoys))
  const calm = { app: prepare(appLines), access: prepare(accessLines), json: prepare(jsonLines) }
  const trace = { heads: prepare(traceHeads), frames: prepare(traceFrames) }
  let framesLeft = 0

  const nextCalm = (): PreparedLine => {
    if (framesLeft > 0) {
      framesLeft--
      return random.oneOf(trace.frames)
    }
    const kind = random.share()
    if (kind < 0.003) {
      framesLeft = 6 + random.below(14)
      return random.oneOf(trace.heads)
    }
    return random.oneOf(kind < 0.65 ? calm.app : kind < 0.9 ? calm.access : calm.json)
  }
  return {
    next() {
      const share = random.share()
      if (share < hits) return random.oneOf(hitLines[Math.floor(random.share() ** 2 * hitLines.length)]!)
      if (share < hits + decoys) return random.oneOf(random.oneOf(decoyLines))
      return nextCalm()
    },
  }
}
