import type { MatchedLine } from '../../app/test-pattern.ts'
import { type LogPattern, treeOf } from '../../domain/log-pattern.ts'
import { planMatch } from '../../domain/match/match-plan.ts'
import { LineScan } from './line-scan.ts'

const chunkBytes = 65_536

/** Looks for a pattern in a text as in a file: how many lines match, and the first of them. Throws PatternError. */
export function matchText(
  pattern: LogPattern,
  text: string,
  linesMax: number,
): { matches: number; lines: readonly MatchedLine[] } {
  const bytes = Buffer.from(text, 'utf8')
  const lines: MatchedLine[] = []
  let matches = 0
  const scan = new LineScan({
    ...{ parts: planMatch([treeOf(pattern)], bytes), patterns: 1, chunkBytes },
    reader: {
      read({ offset, length, newlines }) {
        matches++
        if (lines.length < linesMax)
          lines.push({ line: newlines + 1, offset, length, text: bytes.toString('utf8', offset, offset + length) })
        return true
      },
    },
  })
  let at = scan.begin(0, bytes.length)
  while (at < bytes.length && !scan.isDone) {
    const copied = bytes.copy(scan.room(), 0, at)
    at += copied
    scan.added(copied)
  }
  scan.finish()
  return { matches, lines }
}
