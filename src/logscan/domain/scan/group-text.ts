import { traceOf } from '../line/traces.ts'
import { maskMessage } from '../template/mask.ts'

/** Of the way groups are made. A group's key is made from it too: another way makes other groups. */
export const groupVersion = 1

/**
 * What tells the events of one group from those of others: the masked message, and of a trace the exception and its top
 * frames. The same text is the same group, in whatever file and whenever it was seen.
 */
export function groupText(message: string, lines: readonly string[]): string {
  const masked = maskMessage(message)
  if (lines.length < 2) return masked
  const trace = traceOf(lines)
  return trace === null ? masked : [masked, trace.exception ?? '', ...trace.frames].join('\n')
}
