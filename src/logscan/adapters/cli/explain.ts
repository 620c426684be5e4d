import type { LogPattern } from '../../domain/log-pattern.ts'
import { treeOf } from '../../domain/log-pattern.ts'
import type { MatchPart } from '../../domain/match/match-plan.ts'
import { type ByteSet, bytesOf } from '../../domain/pattern/byte-set.ts'
import { requirementsOf } from '../../domain/pattern/required.ts'
import type { ScanFlags } from './scan-options.ts'

const shownBytes = 4

/** How the patterns are looked for, and why. */
export function explainPlan(
  patterns: readonly LogPattern[],
  parts: readonly MatchPart[],
  { jobs, chunkBytes }: ScanFlags,
): string[] {
  const lines = [`${many(patterns.length, 'pattern')}, ${many(jobs, 'thread')}, chunks of ${chunkBytes} bytes`]
  for (const { patterns: numbers, filter, program } of parts) {
    const size = `${many(numbers.length, 'pattern')}, a program of ${program.steps.length} steps`
    if (filter === null) {
      lines.push(`${size}: the automaton reads every line`)
      const without = numbers.filter((number) => requirementsOf(treeOf(patterns[number] as LogPattern)).length === 0)
      for (const number of without)
        lines.push(`  ${(patterns[number] as LogPattern).id}: no text must stand in every line that it matches`)
      if (without.length === 0)
        lines.push('  the texts that must stand in a line are too many or too common in the sample')
      continue
    }
    const windows = filter.buckets.flatMap((bucket) => bucket.windows)
    lines.push(
      `${size}: the automaton reads the lines with ${windows.length === 1 ? 'this text' : `one of ${windows.length} texts`}, at ${(filter.share * 1e6).toFixed(1)} of a million places in the sample; the filter looks for these four bytes of each:`,
    )
    for (const [index, bucket] of filter.buckets.filter(({ windows }) => windows.length > 0).entries())
      lines.push(`  ${index + 1}: ${bucket.windows.map(({ sets }) => sets.map(showSet).join('')).join('  ')}`)
  }
  return lines
}

/** How much of an input had to be read by the automaton. */
export function explainEffort(name: string, { bytes, bytesMatched }: { bytes: number; bytesMatched: number }): string {
  const share = bytes === 0 ? 0 : (bytesMatched / bytes) * 100
  return `${name}: ${bytes} bytes, ${share.toFixed(2)} % of them read by the automaton`
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function showSet(set: ByteSet): string {
  const bytes = bytesOf(set)
  if (bytes.length === 256) return '.'
  if (bytes.length > shownBytes) return `[${bytes.length} bytes]`
  const shown = bytes.map(showByte).join('')
  return bytes.length === 1 ? shown : `[${shown}]`
}

function showByte(byte: number): string {
  if (byte === 10) return '\\n'
  if (byte === 13) return '\\r'
  return byte < 32 || byte > 126 ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte)
}
